// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernels
import Testing

@Suite("Kernel variants")
struct KernelVariantTests {
  private var variants: Range<Int32> { 0..<plimsoll_kernel_variant_count() }

  @Test("have distinct names, the plainest always available")
  func names() {
    let names = variants.map { String(cString: plimsoll_kernel_variant_name($0)) }
    #expect(!names.isEmpty && !names.contains(""))
    #expect(Set(names).count == names.count)
    #expect(plimsoll_kernel_variant_available(0))
  }

  @Test(
    "out of range have no name and are not available",
    arguments: [-2, -1, 3, 1_000] as [Int32])
  func outOfRange(variant: Int32) {
    #expect(String(cString: plimsoll_kernel_variant_name(variant)).isEmpty)
    #expect(!plimsoll_kernel_variant_available(variant))
  }

  @Test("the automatic choice is the last available")
  func automaticChoice() {
    let best = variants.last(where: plimsoll_kernel_variant_available)
    #expect(plimsoll_kernel_variant_in_use() == best)
  }

  @Test("a forced variant is used until the choice is automatic again")
  func forcing() {
    let automatic = plimsoll_kernel_variant_in_use()
    for variant in variants where plimsoll_kernel_variant_available(variant) {
      #expect(plimsoll_force_kernel_variant(variant))
      #expect(plimsoll_kernel_variant_in_use() == variant)
    }
    #expect(plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC))
    #expect(plimsoll_kernel_variant_in_use() == automatic)
  }

  @Test("a variant that cannot run is refused and changes nothing")
  func refusal() {
    defer { plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) }
    #expect(plimsoll_force_kernel_variant(0))
    #expect(!plimsoll_force_kernel_variant(plimsoll_kernel_variant_count()))
    #expect(!plimsoll_force_kernel_variant(-2))
    #expect(plimsoll_kernel_variant_in_use() == 0)
  }

  @Test("forcing stays on its thread")
  func threads() {
    let automatic = plimsoll_kernel_variant_in_use()
    defer { plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) }
    #expect(plimsoll_force_kernel_variant(0))
    let finished = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      #expect(plimsoll_kernel_variant_in_use() == automatic)
      finished.signal()
    }
    finished.wait()
    #expect(plimsoll_kernel_variant_in_use() == 0)
  }
}
