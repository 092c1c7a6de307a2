#pragma once
#include <cohort/advantage/group_relative.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct anchor_where_valid {
  template <class Known, class Anchor, class M>
  constexpr void operator()(std::ptrdiff_t, Known known, Anchor anchor, M valid) const {
    known.data[0] = valid.data[0] ? anchor.data[0] : 0;  // not as a number: a float holds no more than 24 bits
  }
};

}  // namespace detail

/// GiGPO: a series against its group, and each step against all steps of the batch that were taken in an equal state,
/// its anchor,
///
///     A_it = A^E_i + weight A^S_it,
///     A^S_it = (R_it - mean R) / (std R + epsilon) over the steps with the same anchor,
///     R_it = sum_{s >= t} gamma^(s - t) r_is
///
/// A^E is group_relative's of whole episodes. An anchor that only one step has adds 0. Reads anchor and anchors:
/// `train` numbers equal observations; in your own loop the code that fills the batch numbers the states (within a
/// group, so that steps of other groups are not compared). An invalid step has no A^S. Writes no targets.
struct gigpo {
  static constexpr unsigned reads = needs::groups | needs::anchor;
  double weight = 1;   ///< of the steps' part
  double gamma = .95;  ///< discount of the steps' returns, in [0, 1]
  group_relative episodes{};
  group_statistics steps{};

  static constexpr about notes{"gigpo", "A_i + weight A_it, the second among steps in an equal state",
                               "Feng et al. 2025, arXiv:2505.10978, eq. 3 to 8", "loops"};
  constexpr void parameters(auto f) const {
    f("weight", weight), f("gamma", gamma), f("episodes", episodes), f("steps", steps);
  }
  void check() const { detail::require(gamma >= 0 && gamma <= 1, "gigpo", "gamma", gamma, "a number in [0, 1]"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    if (!batch.anchor)
      throw value_error("gigpo reads anchor, the number of the state of each step, which this batch does not have");
    std::ptrdiff_t M = batch.series.steps();
    auto scratch = backend.template temporary<T>(2 * M);
    view<T> to_come = scratch.all().part(0, M), by_step = scratch.all().part(M, M);
    detail::reward_to_go(backend, batch, gamma, invalid_steps::skip, to_come);
    view<std::int32_t const> anchor = batch.anchor;
    auto known = backend.template temporary<std::int32_t>(batch.valid ? M : 0);
    if (batch.valid) {  // that of an invalid step would choose how the others' returns are rounded
      backend.for_rows(M, detail::anchor_where_valid{}, known.all(), anchor, batch.valid);
      anchor = known.all();
    }
    steps(backend, view<T const>(to_come), anchor, batch.anchors, view<T const>{}, by_step, batch.valid);
    episodes(backend, batch, out);
    backend.map(outputs{out.advantage}, detail::plus_weighted{weight}, view<T const>(out.advantage),
                view<T const>(by_step));
  }
};

}  // namespace COHORT_NAMESPACE
