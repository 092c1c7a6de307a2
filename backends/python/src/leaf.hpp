#pragma once
#include <cohort/objective/text.hpp>

#include "component.hpp"
#include "parameters.hpp"

// An objective of the library as an object of Python, and the function of the module that makes it.

namespace cohort::python {

template <class O>
class objective_leaf : public any_objective {
 public:
  explicit objective_leaf(O const& o) : o_(o) {}
  unsigned reads() const override { return terms_read_by(o_); }
  unsigned derivatives() const override { return reads() & cohort::needs::differentiable; }
  bool of_series() const override { return series_objective<O>; }
  void add(block<float>& b) const override { b.add(o_); }
  void add(block<double>& b) const override { b.add(o_); }
  std::string text() const override { return cohort::text(o_); }
  /// Without the text, which stands above all terms.
  std::string explained() const override {
    std::string all = cohort::explained(o_);
    return all.substr(all.find('\n') + 1);
  }

 private:
  O o_;
};

template <class O>
objective_ptr make_objective(O const& o) {
  return std::make_shared<objective_leaf<O>>(o);
}

/// Whether keywords of numbers make one: an estimator of the KL has a function of its own, and exact divergences are of
/// distributions, which are no arrays here.
template <class O>
constexpr bool by_keywords() {
  return !requires(O o) { o.estimator; } &&
         (cohort::detail::terms_read_by_type<O>() & (needs::kl | needs::old_kl)) == 0;
}

/// A function of the module for each objective of a catalogue: its parameters are keywords, its documentation is what
/// it says of itself.
template <class... O>
void add_objectives(nb::module_& m, std::tuple<O...> const&) {
  auto add = [&]<class One>(One const&) {
    if constexpr (by_keywords<One>())
      m.def(
          One::notes.name, [](nb::kwargs given) { return make_objective(with_parameters<One>(given)); },
          documentation<One>().c_str());
  };
  (add(O{}), ...);
}

}  // namespace cohort::python
