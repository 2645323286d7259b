// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDBSQLite
import Synchronization

/// A disk that fails on demand, between SQLite and the real one.
///
/// It counts the writes, syncs and truncations of files under one path prefix, and makes one of
/// them, or all from one on, fail. After a crash it can take back what was never synced, as a
/// power failure does.
final class FaultyDisk: Sendable {
  enum Fault: Sendable {
    /// This operation fails and the disk works again.
    case once(code: CInt)
    /// This and every later operation fails: the process is as good as dead.
    case crash
    /// Like a crash, but half of this write reaches the disk.
    case tornCrash
  }

  enum Operation: Sendable {
    case write
    case sync
    case truncate
  }

  private struct Change {
    let path: String
    let offset: Int64
    let before: [UInt8]
    let lengthBefore: Int64
  }

  private struct State {
    var count = 0
    var log: [Operation] = []
    var unsynced: [Change] = []
    var hasCrashed = false
  }

  let prefix: String
  private let operation: Int
  private let fault: Fault
  private let state = Mutex(State())

  /// - Parameter operation: The operation that fails, counted from 0.
  init(prefix: String, operation: Int, fault: Fault) {
    self.prefix = prefix
    self.operation = operation
    self.fault = fault
    DiskRegistry.shared.install()
    DiskRegistry.shared.add(self)
  }

  /// What was asked of the disk so far.
  var log: [Operation] { state.withLock { $0.log } }
  fileprivate var hasCrashed: Bool { state.withLock { $0.hasCrashed } }
  /// Whether the operation that was to fail has come.
  var hasFailed: Bool { state.withLock { $0.count > operation } }

  func remove() {
    DiskRegistry.shared.remove(self)
  }

  /// What happens to the next operation: nil for success.
  fileprivate func next(_ kind: Operation) -> Fault? {
    state.withLock { state in
      defer { state.count += 1 }
      state.log.append(kind)
      if state.hasCrashed { return .crash }
      guard state.count == operation else { return nil }
      if case .once = fault { return fault }
      state.hasCrashed = true
      return fault
    }
  }

  fileprivate func note(_ path: String, offset: Int64, before: [UInt8], lengthBefore: Int64) {
    let change = Change(path: path, offset: offset, before: before, lengthBefore: lengthBefore)
    state.withLock { $0.unsynced.append(change) }
  }

  fileprivate func forget(_ path: String) {
    state.withLock { state in state.unsynced.removeAll { $0.path == path } }
  }

  /// Puts every byte back that was written and not synced, the last one first.
  func losePower() throws {
    for change in state.withLock({ $0.unsynced }).reversed() {
      var bytes = try read(change.path)
      let range = Int(change.offset)..<min(bytes.count, Int(change.offset) + change.before.count)
      if !range.isEmpty { bytes.replaceSubrange(range, with: change.before[..<range.count]) }
      try write(Array(bytes.prefix(Int(change.lengthBefore))), change.path)
    }
  }
}

/// The one file system of the process, which asks the disks of its files.
private final class DiskRegistry: @unchecked Sendable {
  static let shared = DiskRegistry()

  private let disks = Mutex<[FaultyDisk]>([])
  private let files = Mutex<[UInt: (disk: FaultyDisk, path: String)]>([:])
  private let original = sqlite3_vfs_find(nil)!
  private var system = sqlite3_vfs()
  /// The real operations by their kind of lock, and ours for each.
  private let tables = Mutex<[UInt: UInt]>([:])
  fileprivate var real: sqlite3_io_methods?
  private var isInstalled = false

  func install() {
    disks.withLock { _ in
      if isInstalled { return }
      isInstalled = true
      system = original.pointee
      system.pNext = nil
      system.zName = UnsafePointer(strdup("faulty"))
      system.xOpen = { _, name, file, flags, found in
        DiskRegistry.shared.open(name, file, flags, found)
      }
      system.xDelete = { _, name, sync in DiskRegistry.shared.delete(name, sync) }
      let place = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
      place.initialize(to: system)
      sqlite3_vfs_register(place, 1)
    }
  }

  func add(_ disk: FaultyDisk) {
    disks.withLock { $0.append(disk) }
  }

  func remove(_ disk: FaultyDisk) {
    disks.withLock { $0.removeAll { $0 === disk } }
  }

  func entry(_ file: UnsafeMutablePointer<sqlite3_file>?) -> (disk: FaultyDisk, path: String) {
    files.withLock { $0[UInt(bitPattern: file)]! }
  }

  private func open(
    _ name: UnsafePointer<CChar>?, _ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: CInt,
    _ found: UnsafeMutablePointer<CInt>?
  ) -> CInt {
    let code = original.pointee.xOpen(original, name, file, flags, found)
    guard code == SQLITE_OK, let name, let file, let methods = file.pointee.pMethods else {
      return code
    }
    let path = String(cString: name)
    guard let disk = disks.withLock({ $0.last { path.hasPrefix($0.prefix) } }) else {
      return code
    }
    files.withLock { $0[UInt(bitPattern: file)] = (disk, path) }
    file.pointee.pMethods = UnsafePointer(bitPattern: table(for: methods))
    return code
  }

  private func delete(_ name: UnsafePointer<CChar>?, _ sync: CInt) -> CInt {
    let path = name.map { String(cString: $0) } ?? ""
    let disk = disks.withLock { $0.last { path.hasPrefix($0.prefix) } }
    if let disk, disk.hasCrashed { return SQLITE_IOERR | (10 << 8) }
    return original.pointee.xDelete(original, name, sync)
  }

  private func table(for methods: UnsafePointer<sqlite3_io_methods>) -> UInt {
    tables.withLock { tables in
      if let known = tables[UInt(bitPattern: methods)] { return known }
      real = methods.pointee
      let ours = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
      ours.initialize(to: methods.pointee)
      ours.pointee.xWrite = faultyWrite
      ours.pointee.xSync = faultySync
      ours.pointee.xTruncate = faultyTruncate
      tables[UInt(bitPattern: methods)] = UInt(bitPattern: ours)
      return UInt(bitPattern: ours)
    }
  }
}

private func faultyWrite(
  _ file: UnsafeMutablePointer<sqlite3_file>?, _ bytes: UnsafeRawPointer?, _ count: CInt,
  _ offset: Int64
) -> CInt {
  let (disk, path) = DiskRegistry.shared.entry(file)
  let real = DiskRegistry.shared.real!
  let fault = disk.next(.write)
  var written = count
  switch fault {
  case .once(let code): return code
  case .crash: return SQLITE_IOERR | (3 << 8)
  case .tornCrash: written = count / 2
  case nil: break
  }
  var length: Int64 = 0
  _ = real.xFileSize(file, &length)
  var before = [UInt8](repeating: 0, count: Int(written))
  _ = real.xRead(file, &before, written, offset)
  disk.note(path, offset: offset, before: before, lengthBefore: length)
  let code = real.xWrite(file, bytes, written, offset)
  return fault == nil ? code : SQLITE_IOERR | (3 << 8)
}

private func faultySync(_ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: CInt) -> CInt {
  let (disk, path) = DiskRegistry.shared.entry(file)
  switch disk.next(.sync) {
  case .once(let code): return code
  case .crash, .tornCrash: return SQLITE_IOERR | (4 << 8)
  case nil: break
  }
  let code = DiskRegistry.shared.real!.xSync(file, flags)
  if code == SQLITE_OK { disk.forget(path) }
  return code
}

private func faultyTruncate(_ file: UnsafeMutablePointer<sqlite3_file>?, _ size: Int64) -> CInt {
  let (disk, _) = DiskRegistry.shared.entry(file)
  switch disk.next(.truncate) {
  case .once(let code): return code
  case .crash, .tornCrash: return SQLITE_IOERR | (6 << 8)
  case nil: return DiskRegistry.shared.real!.xTruncate(file, size)
  }
}
