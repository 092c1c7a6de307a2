#pragma once
#include <cohort/aggregation/means.hpp>
#include <cohort/objective/differentiate.hpp>
#include <cohort/objective/text.hpp>
#include <memory>

#include "arrays.hpp"

// Objectives and aggregations as objects of Python: the templates, behind virtual functions.

namespace cohort::python {

struct any_aggregation {
  virtual ~any_aggregation() = default;
  virtual void weigh(eigen::basic_backend<float>&, aggregated_steps<float> const&, view<float>) const = 0;
  virtual void weigh(eigen::basic_backend<double>&, aggregated_steps<double> const&, view<double>) const = 0;
  virtual std::string text() const = 0;
};
using aggregation_ptr = std::shared_ptr<any_aggregation>;
/// From an object, or by its name.
aggregation_ptr aggregation_of(nb::handle given);

/// What an objective is evaluated on, and what it adds to.
template <class T>
struct evaluation {
  eigen::basic_backend<T>& backend;
  step_views<T> in;
  aggregated_steps<T> steps;
  view<T const> weight;
  partial_views<T> out;
  unsigned written = 0;  ///< which of out's derivatives hold something, as bits of `reads`
  bool any = false;      ///< and whether its loss does
};

struct any_objective {
  virtual ~any_objective() = default;
  virtual unsigned reads() const = 0;
  virtual void add(evaluation<float>&) const = 0;
  virtual void add(evaluation<double>&) const = 0;
  virtual std::string text() const = 0;
  virtual std::string explained() const = 0;
};
using objective_ptr = std::shared_ptr<any_objective>;

namespace detail {

/// An object with the parameters that keywords give; what they leave keeps its default, one that follows another's included.
template <class O>
O with_parameters(nb::kwargs const& given) {
  O o{};
  char const* name = O::notes.name;
  auto wrong = [&](std::string const& parameter, std::string const& what) { throw value_error(std::string(name) + ": " + parameter + what); };
  if constexpr (requires { O{.epsilon = 1.}; })
    if (given.contains("epsilon")) {
      double epsilon;
      if (nb::try_cast(given["epsilon"], epsilon)) o = O{.epsilon = epsilon};
    }
  for (auto [key, value] : given) {
    auto parameter = nb::cast<std::string>(key);
    std::string names;
    bool found = false;
    cohort::detail::each_parameter(o, [&]<class V>(char const* one, V const& member) {
      if constexpr (std::is_arithmetic_v<V>) {
        names += (names.empty() ? "" : ", ") + std::string(one);
        if (parameter != one) return;
        found = true;
        if (!nb::try_cast(value, const_cast<V&>(member))) wrong(parameter, " is " + nb::cast<std::string>(nb::repr(value)) + ", expected a number");
      }
    });
    if (!found) wrong(parameter, std::string(" is no parameter of it") + (names.empty() ? ", which has none" : ", expected one of " + names));
  }
  if constexpr (requires { o.check(); }) o.check();
  return o;
}

}  // namespace detail

/// One of the library's objectives.
template <class O>
class objective_leaf : public any_objective {
 public:
  explicit objective_leaf(O const& o) : o_(o) {}
  unsigned reads() const override { return terms_read_by(o_); }
  void add(evaluation<float>& e) const override { add_to(e); }
  void add(evaluation<double>& e) const override { add_to(e); }
  std::string text() const override { return cohort::text(o_); }
  /// Without the text, which stands above all terms.
  std::string explained() const override {
    std::string all = cohort::explained(o_);
    return all.substr(all.find('\n') + 1);
  }

 private:
  template <class T>
  void add_to(evaluation<T>& e) const {
    unsigned here = reads() & cohort::reads::differentiable;
    auto scratch = e.backend.template temporary<T>(e.any ? 4 * e.weight.rows : 0);
    int used = 0;
    partial_views<T> into;
    auto choose = [&](view<T> partial_views<T>::* which, unsigned bit, bool there) {
      if (bit && !(here & bit)) return;
      into.*which = there ? scratch.all().part(used++ * e.weight.rows, e.weight.rows) : e.out.*which;
    };
    choose(&partial_views<T>::loss, 0, e.any);
    choose(&partial_views<T>::logp, cohort::reads::logp, e.written & cohort::reads::logp);
    choose(&partial_views<T>::entropy, cohort::reads::entropy, e.written & cohort::reads::entropy);
    choose(&partial_views<T>::value, cohort::reads::value, e.written & cohort::reads::value);
    differentiate(e.backend, o_, e.in, {e.weight}, into);
    for (auto which : {&partial_views<T>::loss, &partial_views<T>::logp, &partial_views<T>::entropy, &partial_views<T>::value})
      if ((into.*which) && (into.*which).data != (e.out.*which).data)
        e.backend.map(outputs{e.out.*which}, cohort::detail::plus{}, view<T const>(e.out.*which), view<T const>(into.*which));
    e.written |= here;
    e.any = true;
  }
  O o_;
};

template <class O>
objective_ptr make_objective(O const& o) {
  return std::make_shared<objective_leaf<O>>(o);
}

}  // namespace cohort::python
