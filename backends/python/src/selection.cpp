#include <nanobind/stl/shared_ptr.h>
#include <cohort/selection/all.hpp>

#include "component.hpp"
#include "parameters.hpp"
#include "steps.hpp"

namespace cohort::python {

namespace {

template <class S>
class selection_leaf : public any_selection {
 public:
  explicit selection_leaf(S const& s) : s_(s) {}
  unsigned reads() const override { return S::reads; }
  void weigh(eigen::basic_backend<float>& b, step_views<float> const& at, stream_id draws,
             view<float> weight) const override {
    s_(b, at, draws, weight);
  }
  void weigh(eigen::basic_backend<double>& b, step_views<double> const& at, stream_id draws,
             view<double> weight) const override {
    s_(b, at, draws, weight);
  }
  std::string text() const override { return cohort::detail::component_text(s_, false); }
  std::string explained() const override {
    std::string all;
    cohort::detail::explain(all, s_, true, "  ");
    return all;
  }

 private:
  S s_;
};
template <class S>
selection_ptr make(S const& s) {
  s.check();
  return std::make_shared<selection_leaf<S>>(s);
}

/// Whether keywords of numbers make one; those with a choice among words have functions of their own below.
template <class S>
constexpr bool by_keywords() {
  return !requires(S s) { s.over; } && !requires(S s) { s.normalize; };
}
template <class... S>
void add_selections_by_keywords(nb::module_& m, std::tuple<S...> const&) {
  auto add = [&]<class One>(One const&) {
    if constexpr (by_keywords<One>())
      m.def(
          One::notes.name, [](nb::kwargs given) { return make(with_parameters<One>(given)); },
          documentation<One>().c_str());
  };
  (add(S{}), ...);
}

ratio_over ratio_of(char const* where, std::string const& over) {
  return choice<ratio_over>(
      where, "over", over,
      {{"step", ratio_over::step}, {"series", ratio_over::series}, {"geometric_mean", ratio_over::geometric_mean}});
}

selection_ptr bound_of(std::string const& divergence, double most, std::string const& over) {
  char const* name = "divergence_bound";
  auto by = choice<bounded_over>(name, "over", over,
                                 {{"step", bounded_over::step},
                                  {"series_sum", bounded_over::series_sum},
                                  {"series_mean", bounded_over::series_mean},
                                  {"series_max", bounded_over::series_max}});
  if (choice<int>(name, "divergence", divergence, {{"k2", 2}, {"k3", 3}}) == 2)
    return make(divergence_bound<k2>{.most = most, .over = by});
  return make(divergence_bound<k3>{.most = most, .over = by});
}

nb::object weights(selection_ptr s, nb::handle valid, std::uint64_t seed, nb::kwargs const& given) {
  call c("weights");
  return with_steps(c, s->text(), s->reads(), given, valid, [&]<class T>(T, given_steps<T>& steps) {
    evaluation<T> e(c.shape(), steps.views, std::move(steps.advantage_of_series), seed);
    result<T> weight(c.shape());
    s->weigh(e.backend, e.for_selections(), e.next_draws(), weight.numbers);
    return weight.array;
  });
}

}  // namespace

void add_selections(nb::module_& m) {
  nb::class_<any_selection>(m, "Selection",
                            "A weight for each step, by which weighted(selection, term) multiplies its aggregation's. "
                            "Nothing of it is differentiated.")
      .def("__repr__", &any_selection::text)
      .def("weights", &weights, nb::arg("valid") = nb::none(), nb::kw_only(), nb::arg("seed") = 0, nb::arg("arrays"),
           "The weight of each step, [series, step]; 0 where it is not valid. Arrays are those of an objective, by "
           "keyword; seed is for clip_cov.");
  m.def(
      "importance_weights",
      [](std::string const& over, std::string const& beyond, double low, double high, bool normalize) {
        return make(importance_weights{
            .over = ratio_of("importance_weights", over),
            .beyond = choice<beyond_bounds>("importance_weights", "beyond", beyond,
                                            {{"truncate", beyond_bounds::truncate}, {"mask", beyond_bounds::mask}}),
            .low = low,
            .high = high,
            .normalize = normalize});
      },
      nb::kw_only(), nb::arg("over") = "step", nb::arg("beyond") = "truncate", nb::arg("low") = 0.,
      nb::arg("high") = 2., nb::arg("normalize") = false,
      "clamp(rho, low, high), or with beyond='mask' rho where low <= rho <= high, else 0; rho = exp(old_logp - "
      "sampler_logp), learner over sampler.\n\nover: of the step, the 'series' (the product of its steps' ratios) or "
      "their 'geometric_mean'. normalize divides by the mean weight. {}: truncated\nimportance sampling; "
      "beyond='mask', low=0.5: IcePop; over='series', beyond='mask', high=3: TRL's sequence_mask.\n\nSource: verl "
      "0.9.1 (rollout_is), TRL 1.16 (vllm_importance_sampling_mode); IcePop: arXiv:2510.18855.");
  m.def(
      "ratio_bounds",
      [](std::string const& over, double low, double high) {
        return make(ratio_bounds{.over = ratio_of("ratio_bounds", over), .low = low, .high = high});
      },
      nb::kw_only(), nb::arg("over") = "step", nb::arg("low") = .5, nb::arg("high") = 2.,
      "1 where low <= rho <= high, else 0; rho = exp(old_logp - sampler_logp), of the 'step', the 'series' or its "
      "'geometric_mean'.\n\nSource: verl 0.9.1 (rollout_rs: its bounds 'a_b' on 1 / rho are low = 1 / b, high = 1 / "
      "a), OpenRLHF.");
  m.def("divergence_bound", &bound_of, nb::arg("divergence") = "k3", nb::kw_only(), nb::arg("most") = .1,
        nb::arg("over") = "step",
        "1 where D(sampler_logp, old_logp) <= most, else 0; D is the estimate 'k2' or 'k3' at the 'step', or its "
        "'series_sum', 'series_mean', 'series_max'.\n\nSource: verl 0.9.1 (rollout_rs).");
  m.def(
      "high_return",
      [](double threshold, bool normalize) {
        return make(high_return{.threshold = threshold, .normalize = normalize});
      },
      nb::kw_only(), nb::arg("threshold") = .5, nb::arg("normalize") = false,
      "1 where the target is above the threshold, else 0; normalize divides by the mean weight.\n\nSource: Yue et al. "
      "2025, arXiv:2504.05118, 4.3.");
  add_selections_by_keywords(m, catalogue::selections{});
}

}  // namespace cohort::python
