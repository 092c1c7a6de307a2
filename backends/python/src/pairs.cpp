#include <cohort/objective/all.hpp>
#include <cohort/objective/differentiate_pairs.hpp>
#include <functional>

#include "parameters.hpp"

namespace cohort::python {

namespace {

struct objective_of_pairs {
  std::string text, explained;
  std::function<nb::tuple(nb::kwargs const&)> call;
};

/// Whether an objective reads the lengths of its series.
template <class O>
bool reads_length(O const& objective) {
  pair_terms<dependency> terms;
  terms.chosen_length = terms.rejected_length = dependency::on(1u << 31);
  return objective(terms).bits != 0;
}

/// Arrays with a number for each pair, one of the chosen series and one of the rejected.
template <class O>
struct pairs_of {
  O objective;

  nb::tuple operator()(nb::kwargs const& given) const {
    call c(O::notes.name);
    unsigned reads = terms_read_by(objective);
    bool of_logp = reads & needs::logp, of_ratio = reads & needs::ref_logp, of_mean = reads_length(objective);
    std::vector<named_array> arrays;
    auto add = [&](char const* chosen, char const* rejected) {
      for (auto name : {chosen, rejected})
        arrays.push_back({given.contains(name) ? nb::handle(given[name]) : nb::handle(Py_None), name});
    };
    if (of_logp) add("chosen_logp", "rejected_logp");
    else add("chosen_score", "rejected_score");
    if (of_ratio) add("chosen_ref_logp", "rejected_ref_logp");
    if (of_mean) add("chosen_length", "rejected_length");
    std::string names;
    for (auto const& a : arrays) names += (names.empty() ? "" : ", ") + std::string(a.name);
    for (auto [key, value] : given) refuse_unknown(c.name(), nb::cast<std::string>(key), names, "is no array of it");
    return c.with_type(arrays, [&]<class T>(T) { return in_type<T>(c, arrays, of_logp, of_ratio, of_mean); });
  }

 private:
  template <class T>
  nb::tuple in_type(call& c, std::vector<named_array> const& arrays, bool of_logp, bool of_ratio, bool of_mean) const {
    std::vector<view<T const>> read;
    for (auto const& [array, name] : arrays) {
      read.push_back(c.vector<T>(array, name));
      if (read.back().rows != read[0].rows)
        c.refuse(std::string(name) + " has " + std::to_string(read.back().rows) + " elements, expected " +
                 std::to_string(read[0].rows) + ", as many as " + arrays[0].name);
    }
    std::ptrdiff_t P = read[0].rows;
    auto in_turn = [&](std::size_t k) {
      std::vector<T> all;
      for (std::ptrdiff_t p = 0; p < P; ++p) all.push_back(read[k][p]), all.push_back(read[k + 1][p]);
      return all;
    };
    std::vector<T> now = in_turn(0), ref = of_ratio ? in_turn(2) : std::vector<T>(now.size(), T(0)),
                   length = of_mean ? in_turn(read.size() - 2) : std::vector<T>(now.size(), T(1));
    for (T n : length)
      if (!(n > 0))
        c.refuse("a length is " + cohort::detail::text(double(n)) +
                 ", expected the number of a series' valid steps, a positive number");

    // One step for each series: what a step holds are sums along the series already.
    auto rows = [&](std::vector<T>& v) { return view<T>(v.data(), P, 2); };
    auto as_input = [&](std::vector<T>& v) { return view<T const>(rows(v)); };
    std::vector<T> loss(now.size()), dlogp(now.size()), dscore(now.size()), none(now.size(), T(0)), pairs{T(P)};
    backend<T>().map_rows(P, cohort::detail::pair_kernel<O>{objective}, as_input(of_logp ? now : none), as_input(ref),
                          as_input(of_logp ? none : now), as_input(length),
                          broadcast<T const>(view<T const>(pairs.data(), 1), P), rows(loss), rows(dlogp), rows(dscore));
    double total = 0;
    for (T x : loss) total += double(x);
    nb::dict gradient;
    auto const& slope = of_logp ? dlogp : dscore;
    for (std::ptrdiff_t side : {0, 1}) {
      auto one = result<T>::vector(P);
      for (std::ptrdiff_t p = 0; p < P; ++p) one.numbers[p] = slope[std::size_t(2 * p + side)];
      gradient[(std::string(side == 0 ? "chosen_" : "rejected_") + (of_logp ? "logp" : "score")).c_str()] = one.array;
    }
    return nb::make_tuple(total, gradient);
  }
};

template <class... O>
void add_objectives_of_pairs(nb::module_& m, std::tuple<O...> const&) {
  (m.def(
       O::notes.name,
       [](nb::args in_order, nb::kwargs given) {
         O o = with_parameters<O>(given, in_order);
         return objective_of_pairs{cohort::text(o), cohort::explained(o), pairs_of<O>{o}};
       },
       documentation<O>().c_str()),
   ...);
}

}  // namespace

void add_pairs(nb::module_& m) {
  nb::class_<objective_of_pairs>(
      m, "PairObjective",
      "A loss of pairs, a chosen and a rejected series for the same prompt.\n\nCalling it gives (loss, gradient): the "
      "mean over pairs, and a dict of arrays, the exact derivatives with respect to what depends on the\nparameters. "
      "Arrays have a number for each pair, float32 or float64, by keyword: chosen_logp, rejected_logp, "
      "chosen_ref_logp, rejected_ref_logp\n(sums of log-probabilities along the series; the derivative of each of its "
      "steps is that of the sum), for ipo chosen_length and rejected_length,\nfor bradley_terry chosen_score and "
      "rejected_score alone.")
      .def("__call__", [](objective_of_pairs const& o, nb::kwargs given) { return o.call(given); })
      .def("__repr__", [](objective_of_pairs const& o) { return o.text; })
      .def(
          "explained", [](objective_of_pairs const& o) { return o.explained; },
          "The objective with its formula and source.");
  add_objectives_of_pairs(m, catalogue::pair_objectives{});
}

}  // namespace cohort::python
