// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Kernels
import RiskEngine
import Simulation

/// How a run uses the machine; none of it changes a result.
struct EngineOptions: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("Threads that measure accounts.", valueName: "count"))
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Variant of the kernels, such as avx2; the widest the processor has by default.",
      valueName: "name"))
  var kernels: String?

  func workers() throws -> AccountWorkers {
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads: \(threads) is not between 1 and 256")
    }
    let workers = AccountWorkers.threads(threads)
    guard let variant = try variant() else { return workers }
    guard plimsoll_force_kernel_variant(variant) else {
      throw ValidationError("--kernels: this processor cannot run \(kernels ?? "")")
    }
    // The choice belongs to a thread, so every worker makes it.
    return AccountWorkers { count, places, work in
      workers.map(count, places) { range, places in
        _ = plimsoll_force_kernel_variant(variant)
        work(range, places)
      }
    }
  }

  private func variant() throws -> Int32? {
    guard let kernels else { return nil }
    let names = (0..<plimsoll_kernel_variant_count()).map {
      String(cString: plimsoll_kernel_variant_name($0))
    }
    guard let index = names.firstIndex(of: kernels) else {
      throw ValidationError(
        "--kernels: “\(kernels)” is none of \(names.joined(separator: ", "))")
    }
    return Int32(index)
  }
}
