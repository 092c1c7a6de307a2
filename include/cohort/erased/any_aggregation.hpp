#pragma once
#include <cohort/aggregation/means.hpp>
#include <cohort/describe/type_name.hpp>
#include <functional>

namespace COHORT_NAMESPACE {

namespace detail {

template <class A, class B>
concept aggregation_on =
    requires(A const& a, B& b, aggregated_steps<value_t<B>> const& s, view<value_t<B>> weight) { a(b, s, weight); };

}  // namespace detail

/// An aggregation whose type is known at run time only: any_aggregation<B> mean = series_mean{};
template <backend B>
class any_aggregation {
  using T = value_t<B>;

 public:
  any_aggregation() = default;
  template <class A>
    requires(!std::is_same_v<A, any_aggregation> && detail::aggregation_on<A, B>)
  any_aggregation(A const& a)
      : weigh_([a](B& backend, aggregated_steps<T> const& all, view<T> weight) { a(backend, all, weight); }),
        name_(detail::component_name(a)) {}

  void operator()(B& backend, aggregated_steps<T> const& all, view<T> weight) const { weigh_(backend, all, weight); }
  std::string const& name() const { return name_; }

 private:
  std::function<void(B&, aggregated_steps<T> const&, view<T>)> weigh_;
  std::string name_;
};

}  // namespace COHORT_NAMESPACE
