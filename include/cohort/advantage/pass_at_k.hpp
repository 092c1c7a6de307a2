#pragma once
#include <cohort/advantage/group_members.hpp>
#include <cohort/describe/about.hpp>
#include <limits>

namespace COHORT_NAMESPACE {

namespace detail {

/// The largest so far, and the largest before.
struct running_max {
  template <class S>
  constexpr several<S, 2> operator()(S before, S x) const {
    return {{max(before, x), before}};
  }
  template <class S>
  constexpr several<S, 2> operator()(S after, S x, S before) const {
    return {{max(after, x), max(before, after)}};
  }
};
struct lead {
  bool scale;
  double epsilon, unit;
  template <class S>
  constexpr S operator()(S score, S others, S squares, S size) const {
    S ahead = max(above(score, select(size <= 1, score, others), size), S(0));
    if (!scale) return ahead / unit;
    return select(ahead == 0, S(0), ahead / (sqrt(squares / max(size - 1, S(1))) + epsilon));
  }
};
struct lowest_unless {
  template <class S, class M>
  constexpr S operator()(S score, M present) const {
    return select(present, score, S(-std::numeric_limits<double>::infinity()));
  }
};
struct square_from_mean {
  template <class S>
  constexpr S operator()(S x, S sum, S size) const {
    S d = x - sum / size;
    return d * d;
  }
};

struct pass_at_k_reward {
  int k;
  double threshold;
  /// correct: how many of the group's n are.
  template <class S>
  constexpr S operator()(S score, S correct, S n) const {
    S missed = 1;  // that k - 1 drawn from the n - 1 others are all wrong, seen from a wrong one
    for (int i = 0; i < k - 1; ++i)
      missed *= select(n - 1 > i, max(n - 1 - correct - i, S(0)) / max(n - 1 - i, S(1)), S(1));
    return k * select(score > threshold, S(1), select(score == score, 1 - missed, score));
  }
};
struct right_or_wrong {
  double threshold;
  template <class S>
  constexpr S operator()(S score) const {
    return select(score > threshold, S(1), select(score == score, S(0), score));
  }
};

}  // namespace detail

/// Pass@k by the best of a group: only its best series has an advantage, by how much it is ahead of the second,
///
///     A_i = max(0, R_i - max_{j != i} R_j) / (std_j R_j + epsilon)
///
/// or without the division. Where two are best, up to rounding, nobody is ahead: 0 for all. The only member of a group
/// gets 0. In standard deviations (ddof 1) or in units of the reward. Writes no targets.
struct best_of_group {
  static constexpr unsigned reads = needs::groups;
  bool scale = true;      ///< by the group's standard deviation
  double epsilon = 1e-6;  ///< added to it

  static constexpr about notes{"best_of_group", "the best of a group gets its lead over the second, the others 0",
                               "Tang et al. 2025, arXiv:2503.19595", "verl (grpo_passk)"};
  constexpr void parameters(auto f) const {
    f("scale", scale);
    f("epsilon", epsilon, scale);
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    detail::group_members<B> members(backend, batch, "best_of_group");
    std::ptrdiff_t N = members.count();
    auto scratch = backend.template temporary<T>(5 * N);
    view<T const> score = members.score();
    double unit = detail::unit_of(backend, score);
    if (unit != 1) {
      view<T> small = scratch.all().part(4 * N, N);
      backend.map(outputs{small}, detail::scaled_by{unit}, score);
      score = small;
    }
    auto rivals = backend.template temporary<T>(members.present() ? N : 0);
    view<T const> rival = score;  // what has no valid step is nobody's
    if (members.present()) {
      backend.map(outputs{rivals.all()}, detail::lowest_unless{}, score, members.present());
      rival = rivals.all();
    }
    view<T> others = scratch.all().part(0, N), squares = scratch.all().part(N, N), sum = scratch.all().part(2 * N, N),
            size = scratch.all().part(3 * N, N);
    double none = -std::numeric_limits<double>::infinity();
    backend.scan(batch.groups, direction::forward, detail::running_max{}, none, outputs{view<T>(), others}, rival);
    backend.scan(batch.groups, direction::backward, detail::running_max{}, none, outputs{view<T>(), others}, rival,
                 view<T const>(others));
    members.sum(sum, score);
    members.size(size);
    backend.map(outputs{squares}, detail::square_from_mean{}, score, view<T const>(sum), view<T const>(size));
    if (members.present())
      backend.map(outputs{squares}, detail::where_valid{}, view<T const>(squares), members.present());
    members.sum(squares, view<T const>(squares));
    backend.map(outputs{sum}, detail::lead{scale, epsilon * unit, unit}, rival, view<T const>(others),
                view<T const>(squares), view<T const>(size));
    members.to_valid_steps(out.advantage, view<T const>(sum));
  }
};

/// PKPO: rewards of 0 and 1 turned into those whose policy gradient is that of pass@k, the chance that one of k tries
/// is right, without bias. With n members of which c are right,
///
///     A_i = k                                                where i is right
///     A_i = k (1 - C(n - 1 - c, k - 1) / C(n - 1, k - 1))    where it is wrong
///
/// where the bracket is the chance that k - 1 of the others have one that is right,
/// to be averaged over the group; k = 1 is the plain reward. A group needs k members: in a smaller one the chance is
/// that of all others, for the only member of a group 0. A score that is a NaN makes NaNs of the wrong ones of its
/// group. Without units. Writes no targets.
struct pass_at_k {
  static constexpr unsigned reads = needs::groups;
  int k = 4;              ///< > 0
  double threshold = .5;  ///< a series is right whose score is above it

  static constexpr about notes{"pass_at_k", "rewards whose policy gradient is that of pass@k",
                               "Walder and Karkhanis 2025, arXiv:2505.15201, times n", "exact enumeration"};
  constexpr void parameters(auto f) const { f("k", k), f("threshold", threshold, threshold != .5); }
  void check() const { detail::require(k > 0, "pass_at_k", "k", k, "a positive number"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    detail::group_members<B> members(backend, batch, "pass_at_k");
    std::ptrdiff_t N = members.count();
    auto scratch = backend.template temporary<T>(2 * N);
    view<T> correct = scratch.all().part(0, N), size = scratch.all().part(N, N);
    backend.map(outputs{correct}, detail::right_or_wrong{threshold}, members.score());
    if (members.present())
      backend.map(outputs{correct}, detail::where_valid{}, view<T const>(correct), members.present());
    members.sum(correct, view<T const>(correct));
    members.size(size);
    backend.map(outputs{correct}, detail::pass_at_k_reward{k, threshold}, members.score(), view<T const>(correct),
                view<T const>(size));
    members.to_valid_steps(out.advantage, view<T const>(correct));
  }
};

}  // namespace COHORT_NAMESPACE
