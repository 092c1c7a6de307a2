#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/backend/formulas.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

/// The steps of one optimizer step, as an aggregation sees them.
template <class T>
struct aggregated_steps {
  std::ptrdiff_t steps = 0;              ///< M
  std::ptrdiff_t series = 0;             ///< series that exist, of which these steps may be only some
  view<std::int32_t const> series_of{};  ///< M: which of them a step belongs to
  view<std::uint8_t const> valid{};      ///< M; absent: all are
  cohort::partition groups{};            ///< over the series that exist; only with grouped rollouts
};

/// Whether a series that is here with no valid step counts among the series of a mean (TRL) or not (verl, OpenRLHF).
enum class empty_series { leave, count };

namespace detail {

struct share_of_all {
  template <class S, class M>
  constexpr S operator()(M valid, S count) const {
    return select(valid, 1 / max(count, S(1)), S(0));
  }
};
struct share_of_all_series {
  template <class S>
  constexpr S operator()(S, S count) const {
    return 1 / max(count, S(1));
  }
};
struct share_of_series {
  template <class S>
  constexpr S operator()(S own, S series) const {
    return 1 / (max(own, S(1)) * max(series, S(1)));
  }
};
struct share_of_sum {
  double length;
  bool times_own = false;
  template <class S>
  constexpr S operator()(S own, S series) const {
    S share = 1 / (max(series, S(1)) * length);
    return times_own ? own * share : share;
  }
};

/// The weight of a valid step of each series, f(its valid steps, how many series there are): those of `among` that are
/// not 0.
template <backend B, class F, class T = value_t<B>>
void weigh_each_series(B& backend, view<T const> own, view<T const> among, F f, view<T> weight) {
  auto found = backend.template temporary<T>(1);
  backend.reduce(found.all(), is_positive{}, among);
  backend.map(outputs{weight}, f, own, broadcast<T const>(found.all(), own.rows));
}

/// The same for steps, and 0 for those that are not valid.
template <backend B, class F, class T = value_t<B>>
void weigh_by_series(B& backend, aggregated_steps<T> const& s, empty_series empty, F f, view<T> weight) {
  auto scratch = backend.template temporary<T>(s.steps + 2 * s.series);
  view<T> present = scratch.all().part(0, s.steps), own = scratch.all().part(s.steps, s.series),
          here = scratch.all().part(s.steps + s.series, s.series);
  auto steps_of_each = [&](view<T> count) {
    fill_with(backend, count, 0);
    backend.scatter_add(count, view<T const>(present), s.series_of);
  };
  bool all_count = s.valid && empty == empty_series::count;
  fill_with(backend, present, 1);
  if (all_count) steps_of_each(here);
  if (s.valid) backend.map(outputs{present}, one_where{}, view<T const>(present), s.valid);
  steps_of_each(own);
  weigh_each_series(backend, view<T const>(own), view<T const>(all_count ? here : own), f, own);
  backend.gather(weight, view<T const>(own), s.series_of);
  if (s.valid) backend.map(outputs{weight}, where_valid{}, view<T const>(weight), s.valid);
}

/// The same for series of which all steps are here, a valid one or more, or (where that counts) none.
template <backend B, class F, class T = value_t<B>>
void weigh_whole_series(B& backend, view<T const> own, empty_series empty, F f, view<T> weight) {
  auto all = backend.template temporary<T>(own.rows);
  if (empty == empty_series::count) backend.map(outputs{all.all()}, filled{1}, own);
  weigh_each_series(backend, own, empty == empty_series::count ? view<T const>(all.all()) : own, f, weight);
}

}  // namespace detail

// An aggregation is called with the steps of one optimizer step, and writes a weight for each. Where all steps of all
// series are here, `of_series` does the same from less: of the numbers of valid steps of N series (and of which of them
// form a group, where it needs that) it makes N weights, each that of every valid step of its series.

/// Every valid step counts the same: weight 1 / M. Also called token mean (DAPO, arXiv:2503.14476, eq. 8). No valid
/// step: all weights 0.
struct step_mean {
  static constexpr about notes{"step_mean", "every valid step weighs 1 / M", "DAPO, arXiv:2503.14476, eq. 8",
                               "verl and OpenRLHF token-mean, TRL dapo"};

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, aggregated_steps<T> const& s, view<T> weight) const {
    if (!s.valid) return detail::fill_with(backend, weight, 1. / double(s.steps));
    auto scratch = backend.template temporary<T>(1);
    view<T const> any = weight;
    backend.reduce(scratch.all(), detail::one_where{}, any, s.valid);
    backend.map(outputs{weight}, detail::share_of_all{}, s.valid, broadcast<T const>(scratch.all(), s.steps));
  }
  template <backend B, class T = value_t<B>>
  void of_series(B& backend, view<T const> own, view<T> weight) const {
    auto scratch = backend.template temporary<T>(1);
    backend.reduce(scratch.all(), detail::same{}, own);
    backend.map(outputs{weight}, detail::share_of_all_series{}, own, broadcast<T const>(scratch.all(), own.rows));
  }
};

/// Every series counts the same, whatever its length: weight 1 / (N |series|) with N series and the valid steps of
/// each. GRPO's original (arXiv:2402.03300, eq. 3).
struct series_mean {
  empty_series empty = empty_series::leave;

  static constexpr about notes{"series_mean", "a valid step weighs 1 / (series, valid steps of its own)",
                               "Shao et al. 2024, arXiv:2402.03300, eq. 3",
                               "verl seq-mean-token-mean, OpenRLHF; with `empty = count` TRL and Liger grpo, TorchRL"};
  constexpr void parameters(auto f) const { f("empty", empty, empty != empty_series::leave); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, aggregated_steps<T> const& s, view<T> weight) const {
    detail::weigh_by_series(backend, s, empty, detail::share_of_series{}, weight);
  }
  template <backend B, class T = value_t<B>>
  void of_series(B& backend, view<T const> own, view<T> weight) const {
    detail::weigh_whole_series(backend, own, empty, detail::share_of_series{}, weight);
  }
};

}  // namespace COHORT_NAMESPACE
