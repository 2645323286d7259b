// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where a journal and the files beside it are, with links resolved.
///
/// Two paths to one file must give one mark file, or two writers would hold two locks.
struct JournalPath: Hashable, Sendable {
  let file: String

  /// The lock and the high-water mark.
  var mark: String { file + ".mark" }
  /// What SQLite has committed but not yet moved into the file.
  var writeAheadLog: String { file + "-wal" }
  /// A journal being laid out, before it gets its name.
  var unfinished: String { file + ".unfinished" }
  var folder: String { URL(fileURLWithPath: file).deletingLastPathComponent().path }

  init(_ path: String) throws(JournalError) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    guard !path.isEmpty, !path.utf8.contains(0) else { throw .missing(path: path) }
    guard Self.isFolder(folder.path) else { throw .missingFolder(path: folder.path) }
    file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }

  /// Refuses everything but a file.
  func requireFile() throws(JournalError) {
    if Self.isFolder(file) { throw .notAJournal(path: file) }
    if !Self.exists(file) { throw .missing(path: file) }
  }

  /// Refuses a file this user may only read, which SQLite would open all the same.
  ///
  /// To be called under the writer's lock: closing any descriptor of a file drops the locks
  /// SQLite has on it in this process.
  func requireWritable() throws(JournalError) {
    let descriptor = open(file, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw .lastSystemError(at: file) }
    close(descriptor)
  }

  /// Refuses to lay a new journal over anything; a log left by a deleted journal would be
  /// replayed into the new one.
  func requireNothing() throws(JournalError) {
    for path in [file, writeAheadLog, file + "-journal"] where Self.exists(path) {
      throw .alreadyExists(path: path)
    }
  }

  /// Gives the finished layout its name, and makes the name durable.
  func publish() throws(JournalError) {
    guard rename(unfinished, file) == 0 else { throw .lastSystemError(at: file) }
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .lastSystemError(at: folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .lastSystemError(at: folder) }
  }

  /// Clears away a layout that a crash left unfinished; nothing was ever recorded in it.
  func removeUnfinished() {
    for suffix in ["", "-wal", "-shm", "-journal"] { unlink(unfinished + suffix) }
  }

  /// Whether SQLite would have to look at a write-ahead log to read the file.
  var hasWriteAheadLog: Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: writeAheadLog)
    return (attributes?[.size] as? NSNumber).map { $0.intValue > 0 } ?? false
  }

  /// The file as an address that tells SQLite nobody changes it, so that nothing is created
  /// beside it and no lock is needed.
  var unchanging: String {
    let permitted = CharacterSet.urlPathAllowed.subtracting(CharacterSet(charactersIn: ";?#%"))
    let escaped = file.addingPercentEncoding(withAllowedCharacters: permitted)
    return "file:" + (escaped ?? file) + "?immutable=1"
  }

  private static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  private static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }
}

extension JournalError {
  /// What `errno` says about the call that just failed.
  static func lastSystemError(at path: String) -> JournalError {
    let code = errno
    return switch code {
    case ENOSPC, EDQUOT: .diskFull(path: path)
    case EACCES, EPERM, EROFS: .readOnly(path: path)
    default: .io(path: path, description: String(cString: strerror(code)))
    }
  }
}
