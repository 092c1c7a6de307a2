#pragma once
#include <cohort/erased/any_objective.hpp>
#include <functional>
#include <memory>

#include "adding_backend.hpp"

// Aggregations, selections and objectives as objects of Python: the library's, their types known at run time only.

namespace cohort::python {

/// The same for float32 and for float64.
template <template <cohort::backend> class Any>
class in_both_types {
 public:
  template <class X>
  explicit in_both_types(X const& x) : single_(x), wide_(x) {}
  template <class T>
  auto const& in() const {
    if constexpr (std::is_same_v<T, float>) return single_;
    else return wide_;
  }

 private:
  Any<eigen::basic_backend<float>> single_;
  Any<eigen::basic_backend<double>> wide_;
};

/// The weight of each of N series' valid steps, of which there are `own`.
template <cohort::backend B>
using weigh_series =
    std::function<void(B&, view<value_t<B> const> own, partition const& groups, view<value_t<B>> weight)>;
template <cohort::backend B>
using weigh_steps = std::function<void(B&, step_views<value_t<B>> const&, stream_id, view<value_t<B>> weight)>;

struct aggregation {
  std::string text;
  bool of_groups;
  in_both_types<weigh_series> weigh;
};
using aggregation_ptr = std::shared_ptr<aggregation const>;
/// From an object, or by its name.
aggregation_ptr aggregation_of(nb::handle given);

struct selection {
  std::string text, explained;
  unsigned reads;
  in_both_types<weigh_steps> weigh;
};
using selection_ptr = std::shared_ptr<selection const>;

template <cohort::backend B>
using any_added = any_objective<adding_backend<value_t<B>>>;

/// factor times a loss, whose steps weigh as an aggregation of its own says (else the call's), times what selections
/// say, the innermost first.
struct term {
  std::shared_ptr<in_both_types<any_added> const> loss;
  double factor = 1;
  aggregation_ptr how{};
  std::vector<selection_ptr> selections{};
};
struct expression {
  std::vector<term> terms;
  std::string text, explained;

  /// As bits of cohort::needs.
  unsigned reads() const {
    unsigned bits = 0;
    for (auto const& t : terms) {
      bits |= t.loss->in<float>().reads();
      for (auto const& s : t.selections) bits |= s->reads;
    }
    return bits;
  }
  /// What it has derivatives with respect to.
  unsigned derivatives() const {
    unsigned bits = 0;
    for (auto const& t : terms) bits |= t.loss->in<float>().reads() & needs::differentiable;
    return bits;
  }
};

}  // namespace cohort::python
