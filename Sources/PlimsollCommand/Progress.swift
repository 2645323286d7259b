// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A progress bar on standard error, only when that is a terminal.
final class Progress {
  private let title: String
  private let isShown: Bool
  private var lastPermille = -1

  init(_ title: String) {
    self.title = title
    isShown = isatty(FileHandle.standardError.fileDescriptor) == 1
  }

  func show(_ done: Int, of total: Int) {
    guard isShown, total > 0 else { return }
    let permille = min(done * 1_000 / total, 1_000)
    guard permille != lastPermille else { return }
    lastPermille = permille
    let filled = permille * 30 / 1_000
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
    write("\r\(title) \(bar) \(permille / 10) %")
  }

  func finish() {
    guard isShown, lastPermille >= 0 else { return }
    write("\r\u{1B}[K")
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
