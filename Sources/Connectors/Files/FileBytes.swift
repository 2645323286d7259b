// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import CZlib
import Foundation

/// Reads a whole file, unpacked when it is a gzip file whatever its name.
func bytes(ofFile path: String, limits: ReadLimits) throws(ReadError) -> [UInt8] {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
    throw .missing(path: path)
  }
  guard !isFolder.boolValue else {
    throw .unreadable(path: path, why: "it is a folder where a file is expected")
  }
  let place = FilePlace(path: path, line: 0)
  let raw: Data
  do {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    // One byte more than permitted tells a file at the limit from one above it.
    raw = try handle.read(upToCount: limits.fileBytes + 1) ?? Data()
  } catch {
    throw .unreadable(path: path, why: error.localizedDescription)
  }
  guard raw.count <= limits.fileBytes else {
    throw .limitExceeded(place: place, what: "the number of bytes", limit: limits.fileBytes)
  }
  let bytes = [UInt8](raw)
  guard bytes.starts(with: [0x1f, 0x8b]) else { return bytes }
  return try unpacked(bytes, place: place, limit: limits.unpackedBytes)
}

/// The names of a folder's files, sorted.
func fileNames(inFolder path: String, limits: ReadLimits) throws(ReadError) -> [String] {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
    throw .missing(path: path)
  }
  guard isFolder.boolValue else {
    throw .unreadable(path: path, why: "it is a file where a folder is expected")
  }
  let names: [String]
  do {
    names = try FileManager.default.contentsOfDirectory(atPath: path)
  } catch {
    throw .unreadable(path: path, why: error.localizedDescription)
  }
  guard names.count <= limits.files else {
    throw .limitExceeded(
      place: FilePlace(path: path, line: 0), what: "the number of files", limit: limits.files)
  }
  return names.filter { !$0.hasPrefix(".") }.sorted()
}

/// Whether a file or folder exists.
func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

private func unpacked(
  _ packed: [UInt8], place: FilePlace, limit: Int
) throws(ReadError) -> [UInt8] {
  let inflater = try Inflater(place: place)
  return try packed.withUnsafeBufferPointer { (input) throws(ReadError) -> [UInt8] in
    try inflater.unpack(input, limit: limit)
  }
}

/// A zlib stream that is closed with its owner.
private final class Inflater {
  private var stream = z_stream()
  private let place: FilePlace

  init(place: FilePlace) throws(ReadError) {
    self.place = place
    // 16 more than the window's bits: expect a gzip header, check its length and checksum.
    let status = inflateInit2_(
      &stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      throw .malformedArchive(path: place.path, why: "zlib status \(status)")
    }
  }

  deinit { inflateEnd(&stream) }

  func unpack(_ input: UnsafeBufferPointer<UInt8>, limit: Int) throws(ReadError) -> [UInt8] {
    stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
    stream.avail_in = UInt32(input.count)
    var output = [UInt8](repeating: 0, count: min(limit + 1, max(1 << 16, 6 * input.count)))
    var length = 0
    while true {
      let status = write(into: &output, at: &length)
      guard length <= limit else {
        throw .limitExceeded(place: place, what: "the number of unpacked bytes", limit: limit)
      }
      switch status {
      case Z_STREAM_END where stream.avail_in == 0:
        output.removeLast(output.count - length)
        return output
      case Z_STREAM_END:
        // A gzip file may be several, one after the other.
        guard inflateReset(&stream) == Z_OK else { throw damage("zlib cannot go on") }
      case Z_OK where length == output.count:
        output.append(contentsOf: repeatElement(0, count: min(limit + 1, 2 * length) - length))
      case Z_OK where stream.avail_in > 0: break
      case Z_OK, Z_BUF_ERROR: throw damage("it ends early")
      default: throw damage("zlib status \(status)")
      }
    }
  }

  private func write(into output: inout [UInt8], at length: inout Int) -> Int32 {
    let start = length
    let (status, written) = output.withUnsafeMutableBufferPointer { buffer in
      stream.next_out = buffer.baseAddress?.advanced(by: start)
      stream.avail_out = UInt32(min(buffer.count - start, Int(UInt32.max)))
      let room = stream.avail_out
      let status = inflate(&stream, Z_NO_FLUSH)
      return (status, Int(room - stream.avail_out))
    }
    length = start + written
    return status
  }

  private func damage(_ why: String) -> ReadError {
    .malformedArchive(path: place.path, why: why)
  }
}
