#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/vector.h>
#include <cohort/preset/as_in/differences.hpp>

#include "arrays.hpp"

namespace cohort::python {

namespace {

namespace as_in = preset::as_in;

struct convention {
  std::string name;
  as_in::rules_in_words const* rules;
  std::string objective;
};

std::shared_ptr<convention> convention_of(std::string const& name) {
  std::shared_ptr<convention> found;
  as_in::with_convention(
      name, [&](auto c) { found = std::make_shared<convention>(name, &c.rules, cohort::text(c.objective())); });
  return found;
}

nb::dict rules_of(convention const& c) {
  nb::dict d;
  d["advantage"] = c.rules->advantage, d["normalization"] = c.rules->normalization, d["ratio"] = c.rules->ratio;
  d["kl"] = c.rules->kl, d["mean"] = c.rules->mean, d["compared_with"] = c.rules->source;
  return d;
}

/// A batch of arrays as a log has it. Padding behind the last valid step of a series is no step of it.
struct recorded {
  preset::recorded_batch batch;
  std::vector<std::ptrdiff_t> length;  ///< of each series
};

struct arguments {
  nb::handle logp, old_logp, score, reward, group, valid, ref_logp, sampler_logp, value, truncated, value_after;
};

template <class T>
recorded record(call& c, arguments const& given) {
  auto logp = c.numbers<T>(given.logp, "logp"), old_logp = c.numbers<T>(given.old_logp, "old_logp");
  if (!old_logp) c.refuse("old_logp is None, expected an array like logp");
  auto reward = c.numbers<T>(given.reward, "reward"), ref_logp = c.numbers<T>(given.ref_logp, "ref_logp"),
       value = c.numbers<T>(given.value, "value");
  auto sampler_logp = given.sampler_logp.is_none() ? old_logp : c.numbers<T>(given.sampler_logp, "sampler_logp");
  auto valid = c.flags(given.valid, "valid");
  layout const& shape = c.shape();
  std::ptrdiff_t N = shape.series;
  auto of_series = [&](nb::handle array, char const* what) {
    auto v = array.is_none() ? view<T const>{} : c.vector<T>(array, what);
    if (v && v.rows != N)
      c.refuse(std::string(what) + " has " + std::to_string(v.rows) + " elements, expected one for each of the " +
               std::to_string(N) + " series");
    return v;
  };
  auto score = of_series(given.score, "score"), value_after = of_series(given.value_after, "value_after");
  if (bool(score) == bool(reward))
    c.refuse(score ? "score and reward are given, expected one of them"
                   : "score is None, expected a number for each series, or reward");
  auto truncated = c.flags_of_series(given.truncated, "truncated", N);
  if (given.group.is_none() && !value)
    c.refuse("group is None, expected the size of all groups, or the number of each series' group");
  auto groups = c.groups(given.group.is_none() ? nb::cast(1) : nb::borrow(given.group), N);
  recorded found;
  for (std::size_t g = 0; g + 1 < groups.size(); ++g) {
    std::vector<preset::recorded_series> members;
    for (std::ptrdiff_t n = groups[g]; n < groups[g + 1]; ++n) {
      auto at = [&](std::ptrdiff_t t) { return shape.by_step ? t * shape.series + n : n * shape.steps + t; };
      std::ptrdiff_t steps = shape.steps;
      while (valid && steps > 1 && !valid[at(steps - 1)]) --steps;
      auto own = [&](view<T const> v) {
        std::vector<double> numbers;
        for (std::ptrdiff_t t = 0; v && t < steps; ++t) numbers.push_back(double(v[at(t)]));
        return numbers;
      };
      preset::recorded_series s;
      s.logp = own(logp), s.old_logp = own(old_logp), s.ref_logp = own(ref_logp), s.sampler_logp = own(sampler_logp),
      s.value = own(value);
      s.reward = own(reward);
      if (score) s.reward.assign(std::size_t(steps), 0), s.reward.back() = double(score[n]);
      for (std::ptrdiff_t t = 0; valid && t < steps; ++t) s.valid.push_back(valid[at(t)] != 0);
      s.truncated = !truncated.empty() && truncated[std::size_t(n)];
      if (value_after) s.value_after = double(value_after[n]);
      members.push_back(s);
      found.length.push_back(steps);
    }
    found.batch.add_group(members);
  }
  return found;
}

as_in::result outcome_of(std::string const& name, preset::recorded_batch const& batch,
                         std::optional<double> kl_weight) {
  as_in::result found;
  as_in::with_convention(name, [&](auto c) {
    try {
      found = as_in::evaluate(backend<double>(), c, batch, kl_weight);
    } catch (value_error const& e) {
      throw value_error(name + ": " + e.what());
    }
  });
  return found;
}

/// Numbers of steps as an array like those given, 0 where there is no step.
template <class T>
nb::object array_of(call const& c, recorded const& r, std::vector<double> const& numbers) {
  if (numbers.empty()) return nb::none();
  result<T> to(c.shape());
  std::fill_n(to.numbers.data, c.shape().size(), T(0));
  std::size_t i = 0;
  for (std::size_t n = 0; n < r.length.size(); ++n)
    for (std::ptrdiff_t t = 0; t < r.length[n]; ++t)
      to.numbers[c.shape().by_step ? t * c.shape().series + std::ptrdiff_t(n)
                                   : std::ptrdiff_t(n) * c.shape().steps + t] = T(numbers[i++]);
  return to.array;
}

nb::object call_convention(convention const& self, arguments const& given, std::optional<double> kl_weight) {
  call c(self.rules->name);
  return with_type(c, c.array(given.logp, "logp"), "logp", [&]<class T>(T) -> nb::object {
    recorded r = record<T>(c, given);
    as_in::result o = outcome_of(self.name, r.batch, kl_weight);
    nb::dict gradient, found;
    gradient["logp"] = array_of<T>(c, r, o.slope);
    found["loss"] = o.loss, found["gradient"] = gradient, found["gradient_norm"] = o.gradient_norm;
    found["advantage"] = array_of<T>(c, r, o.advantage), found["ratio"] = array_of<T>(c, r, o.ratio),
    found["kl"] = array_of<T>(c, r, o.kl);
    found["weight"] = array_of<T>(c, r, o.weight), found["kl_weight"] = o.kl_weight;
    return nb::module_::import_("types").attr("SimpleNamespace")(**found);
  });
}

nb::list differences_of(std::string const& a, std::string const& b, arguments const& given) {
  convention_of(a), convention_of(b);  // before arrays are read
  call c("diff_conventions");
  return with_type(c, c.array(given.logp, "logp"), "logp", [&]<class T>(T) {
    recorded r = record<T>(c, given);
    as_in::result of_a = outcome_of(a, r.batch, {}), of_b = outcome_of(b, r.batch, {});
    auto place = [&](std::size_t i) {
      auto n = r.batch.series_of[i];
      return nb::make_tuple(n, std::int32_t(i) - r.batch.offsets[std::size_t(n)]);
    };
    nb::list all;
    for (as_in::rule const& rule : as_in::differences(of_a, of_b)) {
      nb::dict d;
      d["rule"] = rule.name, d["in_a"] = rule.in_a, d["in_b"] = rule.in_b;
      d["steps_that_differ"] = rule.both() || (rule.a->empty() && rule.b->empty()) ? nb::cast(rule.differ) : nb::none();
      auto at = [&](std::size_t i) -> nb::object {
        return rule.differ > 0 ? nb::object(nb::make_tuple(place(i), (*rule.a)[i], (*rule.b)[i])) : nb::none();
      };
      d["first"] = at(rule.first), d["most"] = at(rule.most);
      all.append(d);
    }
    return all;
  });
}

constexpr char const* batch_in_words =
    "The batch: logp, old_logp, ref_logp, sampler_logp (else old_logp) and value are arrays [series, step] of one "
    "type, float32 or float64; score has a\nnumber for each series (it is the reward of the last step), or reward is "
    "an array; group is the size of all groups, or the number of each series'\ngroup, equal ones next to each other "
    "(with a value it may be left out); valid is bool, and behind its last valid step a series has ended. A series of "
    "which truncated says so was cut\noff in a state of value value_after; the others end. What a convention does not "
    "read may be left out.";

}  // namespace

void add_conventions(nb::module_& m) {
  auto none = nb::none();
  nb::class_<convention>(m, "Convention", "What a library does by default, in words and in numbers.")
      .def_prop_ro("name", [](convention const& c) { return c.name; })
      .def_prop_ro(
          "library", [](convention const& c) { return c.rules->library; },
          "With its version, and the algorithm whose defaults these are.")
      .def_prop_ro("rules", &rules_of,
                   "A sentence for each rule, as a dict; compared_with says what the numbers were compared with.")
      .def_prop_ro(
          "objective", [](convention const& c) { return c.objective; }, "The whole loss as composed.")
      .def("__repr__", [](convention const& c) { return c.name + ": " + c.rules->library; })
      .def(
          "__call__",
          [](convention const& self, nb::handle logp, nb::handle old_logp, nb::handle score, nb::handle reward,
             nb::handle group, nb::handle valid, nb::handle ref_logp, nb::handle sampler_logp, nb::handle value,
             nb::handle truncated, nb::handle value_after, std::optional<double> kl_weight) {
            return call_convention(
                self,
                {logp, old_logp, score, reward, group, valid, ref_logp, sampler_logp, value, truncated, value_after},
                kl_weight);
          },
          nb::kw_only(), nb::arg("logp").none(), nb::arg("old_logp").none(), nb::arg("score") = none,
          nb::arg("reward") = none, nb::arg("group") = none, nb::arg("valid") = none, nb::arg("ref_logp") = none,
          nb::arg("sampler_logp") = none, nb::arg("value") = none, nb::arg("truncated") = none,
          nb::arg("value_after") = none, nb::arg("kl_weight") = none,
          (std::string(
               "What the library makes of a batch: an object with the policy's loss, its gradient {'logp': d loss / d "
               "logp} and gradient_norm, and\nfor each step the advantage as the loss reads it, the ratio that "
               "multiplies it in the gradient (0 where a clip holds the step), the kl\n(None where there is none) and "
               "the weight in the mean. kl_weight: of its KL, in the place of the default, which may be 0.\n\n") +
           batch_in_words)
              .c_str());
  m.def("as_in", &convention_of, nb::arg("name"), "The convention of this name, one of convention_names().");
  m.def("convention_names", &as_in::names, "The names of the libraries' conventions.");
  m.def(
      "diff_conventions",
      [](std::string const& a, std::string const& b, nb::handle logp, nb::handle old_logp, nb::handle score,
         nb::handle reward, nb::handle group, nb::handle valid, nb::handle ref_logp, nb::handle sampler_logp,
         nb::handle value, nb::handle truncated, nb::handle value_after) {
        return differences_of(
            a, b, {logp, old_logp, score, reward, group, valid, ref_logp, sampler_logp, value, truncated, value_after});
      },
      nb::arg("a"), nb::arg("b"), nb::kw_only(), nb::arg("logp").none(), nb::arg("old_logp").none(),
      nb::arg("score") = none, nb::arg("reward") = none, nb::arg("group") = none, nb::arg("valid") = none,
      nb::arg("ref_logp") = none, nb::arg("sampler_logp") = none, nb::arg("value") = none, nb::arg("truncated") = none,
      nb::arg("value_after") = none,
      (std::string(
           "Where two conventions part on a batch: a dict for each of advantage, ratio, KL, mean and gradient, with "
           "the rule in_a and in_b,\nsteps_that_differ (None where only one has a KL), and the first of them and the "
           "one that differs most, each\n((series, step), number of a, number of b) or None.\n\n") +
       batch_in_words)
          .c_str());
}

}  // namespace cohort::python
