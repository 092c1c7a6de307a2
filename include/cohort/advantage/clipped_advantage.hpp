#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

/// Another estimator's advantages, no further from 0 than `limit`, an infinite one too (a NaN stays); its targets stay
/// as they are.
template <class Estimator = gae>
struct clipped_advantage {
  Estimator estimator{};
  double limit = 10;  ///< > 0

  static constexpr about notes{"clipped_advantage", "no further from 0 than limit", "OpenRLHF's reward.clip_range",
                               "OpenRLHF (reward.clip_range)"};
  constexpr void parameters(auto f) const { f("", estimator), f("limit", limit); }
  void check() const { detail::require(limit > 0, "clipped_advantage", "limit", limit, "a positive number"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    estimator(backend, batch, out);
    backend.map(outputs{out.advantage}, detail::clamp_between{-limit, limit}, view<T const>(out.advantage));
  }
};

}  // namespace COHORT_NAMESPACE
