#pragma once
#include <cohort/advantage/batch_view.hpp>
#include <cohort/backend/concept.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

/// For objectives that read no advantage: all are 0.
struct no_advantage {
  static constexpr about notes{"no_advantage", "0", "for objectives that read none", "closed form"};

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const&, estimates<T> const& out) const {
    detail::fill_with(backend, out.advantage, 0);
    if (out.target) detail::fill_with(backend, out.target, 0);
  }
};

}  // namespace COHORT_NAMESPACE
