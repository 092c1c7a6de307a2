#pragma once
#include <cohort/objective/terms.hpp>
#include <cohort/random/stream.hpp>
#include <memory>

#include "evaluation.hpp"

// Objectives, aggregations and selections as objects of Python: the library's templates, behind virtual functions.

namespace cohort::python {

struct any_aggregation {
  virtual ~any_aggregation() = default;
  /// The weight of each series' valid steps, of which there are `own`.
  virtual void of_series(eigen::basic_backend<float>&, view<float const> own, view<float> weight) const = 0;
  virtual void of_series(eigen::basic_backend<double>&, view<double const> own, view<double> weight) const = 0;
  virtual std::string text() const = 0;
};
using aggregation_ptr = std::shared_ptr<any_aggregation>;
/// From an object, or by its name.
aggregation_ptr aggregation_of(nb::handle given);

struct any_selection {
  virtual ~any_selection() = default;
  virtual unsigned reads() const = 0;
  virtual void weigh(eigen::basic_backend<float>&, step_views<float> const&, stream_id, view<float>) const = 0;
  virtual void weigh(eigen::basic_backend<double>&, step_views<double> const&, stream_id, view<double>) const = 0;
  virtual std::string text() const = 0;
  virtual std::string explained() const = 0;
};
using selection_ptr = std::shared_ptr<any_selection>;

struct any_objective {
  virtual ~any_objective() = default;
  /// As bits of cohort::needs.
  virtual unsigned reads() const = 0;
  /// Those of them that it has derivatives with respect to.
  virtual unsigned derivatives() const = 0;
  /// Whether it has a term of series, for which all steps of a series must be in one block.
  virtual bool of_series() const = 0;
  virtual bool has_aggregation() const { return false; }
  /// Makes the weights that stand in it, for all steps.
  virtual void prepare(evaluation<float>&) const {}
  virtual void prepare(evaluation<double>&) const {}
  /// Adds its loss and derivatives on a block of steps.
  virtual void add(block<float>&) const = 0;
  virtual void add(block<double>&) const = 0;
  virtual std::string text() const = 0;
  virtual std::string explained() const = 0;
};
using objective_ptr = std::shared_ptr<any_objective>;

}  // namespace cohort::python
