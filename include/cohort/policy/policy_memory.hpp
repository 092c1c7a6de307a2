#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/backend/formulas.hpp>
#include <cohort/network/time_layout.hpp>
#include <cohort/policy/policy_part.hpp>
#include <concepts>

// A policy's memory is its own columns of what it observes, behind those of the environment (and of its action mask):
// whoever keeps rows of observations keeps with each what the policy remembered when it saw it.

namespace COHORT_NAMESPACE::detail {

/// Such a policy says how many columns there are, and what stands in them after a step.
template <class P>
concept may_remember = requires(P const& p) {
  { p.memory() } -> std::convertible_to<int>;
};
template <class P>
int memory_of(P const& policy) {
  if constexpr (may_remember<P>) return policy.memory();
  else return 0;
}

/// What it remembers may be a function that it learns: such a policy is evaluated through time, by the rows' layout.
template <class P, class B>
concept learns_through_time =
    may_remember<P> && requires(P& p, B& b, in_view<B> in, view<typename P::action const> a, time_layout const* rows) {
      p.evaluate(b, in, a, 1, other_distributions<value_t<B>>{}, policy_part::all, rows);
    };

struct zero_where_either {
  template <class S, class M>
  constexpr S operator()(S x, M a, M b) const {
    return select(a | b, S(0), x);
  }
};

/// What rollouts do with those columns; for a policy without a memory nothing.
template <backend B, class Policy>
class policy_memory {
  using T = value_t<B>;

 public:
  explicit policy_memory(Policy const& policy) : count_(memory_of(policy)), first_(policy.observations() - count_) {}

  int columns() const { return count_; }
  explicit operator bool() const { return may_remember<Policy> && count_ > 0; }
  /// The columns that the environment writes, and the policy's.
  template <class U>
  view<U> seen(view<U> rows) const {
    return rows.columns_part(0, first_);
  }
  template <class U>
  view<U> of(view<U> rows) const {
    return rows.columns_part(first_, count_);
  }

  /// In rows that begin episodes.
  void forget(B& backend, view<T> rows) const {
    if (*this) fill_with(backend, of(rows), 0);
  }
  /// After the policy has acted on R rows: what it remembers then, in `next`, G rows to each (or those rows
  /// themselves).
  void remember(B& backend, Policy& policy, view<T const> rows, view<T> next, int G = 1) const {
    if constexpr (may_remember<Policy>) {
      if (!*this) return;
      auto every = [&](int g) {
        return of(view<T>(next.data + g * next.row_stride, rows.rows, next.columns, G * next.row_stride, 1));
      };
      policy.remember(backend, rows, every(0));
      for (int g = 1; g < G; ++g) copy_to(backend, every(g), every(0));
    }
  }
  /// From rows to rows of later steps; where an episode ended in between, 0.
  void pass_on(B& backend, view<T const> from, view<T> to, view<std::uint8_t const> terminated,
               view<std::uint8_t const> truncated) const {
    if (!*this) return;
    auto wide = [&](view<std::uint8_t const> v) {
      return view<std::uint8_t const>(v.data, v.rows, count_, v.row_stride, 0);
    };
    backend.map(outputs{of(to)}, zero_where_either{}, of(from), wide(terminated), wide(truncated));
  }
  void copy(B& backend, view<T const> from, view<T> to) const {
    if (*this) copy_to(backend, of(to), of(from));
  }
  void gather(B& backend, view<T const> from, view<T> to, view<std::int32_t const> index) const {
    if (*this) backend.gather(of(to), of(from), index);
  }

 private:
  int count_, first_;
};

}  // namespace COHORT_NAMESPACE::detail
