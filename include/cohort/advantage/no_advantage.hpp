#pragma once
#include <cohort/advantage/batch_view.hpp>
#include <cohort/backend/concept.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

/// For objectives that read no advantage: all are 0.
struct no_advantage {
  static constexpr about notes{"no_advantage", "0", "for objectives that read none", "closed form"};

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const&, estimates<T> const& out) const {
    backend.map(outputs{out.advantage}, detail::filled{0}, view<T const>(out.advantage));
    if (out.target) backend.map(outputs{out.target}, detail::filled{0}, view<T const>(out.target));
  }
};

}  // namespace COHORT_NAMESPACE
