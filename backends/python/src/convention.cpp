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
  std::vector<std::int32_t> order;     ///< which series of the arrays each of the batch's is,
  std::vector<std::ptrdiff_t> length;  ///< and how many steps it has
};

struct arguments {
  nb::handle logp, old_logp, ref_logp, sampler_logp, value, score, reward, value_after, group, valid, truncated;

  arguments(call const& c, nb::kwargs const& given) {
    std::string names;
    for (auto& [name, array] : all()) {
      names += (names.empty() ? "" : ", ") + std::string(name);
      array = given.contains(name) ? nb::handle(given[name]) : nb::handle(Py_None);
    }
    for (auto [key, value] : given)
      refuse_unknown(c.name(), nb::cast<std::string>(key), names, "is no array of a batch");
  }
  std::vector<named_array> numbers() {
    std::vector<named_array> found;
    for (auto& [name, array] : all())
      if (found.size() < 8) found.push_back({array, name});
    return found;
  }

 private:
  std::array<std::pair<char const*, nb::handle&>, 11> all() {
    return {{{"logp", logp},
             {"old_logp", old_logp},
             {"ref_logp", ref_logp},
             {"sampler_logp", sampler_logp},
             {"value", value},
             {"score", score},
             {"reward", reward},
             {"value_after", value_after},
             {"group", group},
             {"valid", valid},
             {"truncated", truncated}}};
  }
};

template <class T>
recorded record(call& c, arguments const& given) {
  auto logp = c.numbers<T>(given.logp, "logp"), old_logp = c.numbers<T>(given.old_logp, "old_logp");
  if (!logp) c.refuse("logp is None, expected an array");
  if (!old_logp) c.refuse("old_logp is None, expected an array like logp");
  auto reward = c.numbers<T>(given.reward, "reward"), ref_logp = c.numbers<T>(given.ref_logp, "ref_logp"),
       value = c.numbers<T>(given.value, "value");
  auto sampler_logp = given.sampler_logp.is_none() ? old_logp : c.numbers<T>(given.sampler_logp, "sampler_logp");
  auto valid = c.flags(given.valid, "valid");
  layout const& shape = c.shape();
  std::ptrdiff_t N = shape.series;
  auto of_series = [&](nb::handle array, char const* what) {
    return array.is_none() ? view<T const>{} : c.numbers_of_series<T>(array, what, N);
  };
  auto score = of_series(given.score, "score"), value_after = of_series(given.value_after, "value_after");
  if (bool(score) == bool(reward))
    c.refuse(score ? "score and reward are given, expected one of them"
                   : "score is None, expected a number for each series, or reward");
  auto truncated = given.truncated.is_none() ? std::vector<std::int64_t>(std::size_t(N), 0)
                                             : c.count_flags(given.truncated, "truncated", N);
  if (given.group.is_none() && !value)
    c.refuse("group is None, expected the size of all groups, or the number of each series' group");
  auto groups = c.groups(given.group.is_none() ? nb::cast(1) : nb::borrow(given.group), N);
  recorded found;
  found.order = groups.order;
  for (std::size_t g = 0; g + 1 < groups.offsets.size(); ++g) {
    std::vector<preset::recorded_series> members;
    for (std::int32_t k = groups.offsets[g]; k < groups.offsets[g + 1]; ++k) {
      std::ptrdiff_t n = groups.order[std::size_t(k)];
      auto at = [&](std::ptrdiff_t t) { return shape.at(n, t); };
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
      s.truncated = truncated[std::size_t(n)] > 0;
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
  for (std::size_t k = 0; k < r.length.size(); ++k)
    for (std::ptrdiff_t t = 0; t < r.length[k]; ++t) to.numbers[c.shape().at(r.order[k], t)] = T(numbers[i++]);
  return to.array;
}

nb::object call_convention(convention const& self, std::optional<double> kl_weight, nb::kwargs const& batch) {
  call c(self.rules->name);
  arguments given(c, batch);
  return c.with_type(given.numbers(), [&]<class T>(T) -> nb::object {
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

nb::list differences_of(std::string const& a, std::string const& b, nb::kwargs const& batch) {
  convention_of(a), convention_of(b);  // before arrays are read
  call c("diff_conventions");
  arguments given(c, batch);
  return c.with_type(given.numbers(), [&]<class T>(T) {
    recorded r = record<T>(c, given);
    as_in::result of_a = outcome_of(a, r.batch, {}), of_b = outcome_of(b, r.batch, {});
    auto place = [&](std::size_t i) {
      auto k = std::size_t(r.batch.series_of[i]);
      return nb::make_tuple(r.order[k], std::int32_t(i) - r.batch.offsets[k]);
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
    "an array; group is the size of all groups, or an integer for each series,\nthe same in a group (with a value it "
    "may be left out); valid is bool, and behind its last valid step a series has ended. A series of "
    "which truncated says so was cut\noff in a state of value value_after; the others end. What a convention does not "
    "read may be left out.";

}  // namespace

void add_conventions(nb::module_& m) {
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
      .def("__call__", &call_convention, nb::kw_only(), nb::arg("kl_weight") = nb::none(), nb::arg("batch"),
           (std::string(
                "What the library makes of a batch: an object with the policy's loss, its gradient {'logp': d loss / d "
                "logp} and gradient_norm, and\nfor each step the advantage as the loss reads it, the ratio that "
                "multiplies it in the gradient (0 where a clip holds the step), the kl\n(None where there is none) and "
                "the weight in the mean. kl_weight: of its KL, in the place of the default, which may be 0.\n\n") +
            batch_in_words)
               .c_str());
  m.def("as_in", &convention_of, nb::arg("name"), "The convention of this name, one of convention_names().");
  m.def("convention_names", &as_in::names, "The names of the libraries' conventions.");
  m.def("diff_conventions", &differences_of, nb::arg("a"), nb::arg("b"), nb::arg("batch"),
        (std::string(
             "Where two conventions part on a batch: a dict for each of advantage, ratio, KL, mean and gradient, with "
             "the rule in_a and in_b,\nsteps_that_differ (None where only one has a KL), and the first of them and the "
             "one that differs most, each\n((series, step), number of a, number of b) or None.\n\n") +
         batch_in_words)
            .c_str());
}

}  // namespace cohort::python
