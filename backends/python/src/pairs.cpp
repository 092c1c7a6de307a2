#include <nanobind/stl/shared_ptr.h>
#include <cohort/objective/all.hpp>
#include <cohort/objective/differentiate_pairs.hpp>
#include <memory>

#include "parameters.hpp"

namespace cohort::python {

namespace {

/// What objectives of pairs read: an array of the chosen series and one of the rejected ones for each.
struct arguments {
  nb::handle chosen_logp, rejected_logp, chosen_ref_logp, rejected_ref_logp, chosen_score, rejected_score,
      chosen_length, rejected_length;
};

struct any_pairs {
  virtual ~any_pairs() = default;
  virtual nb::tuple call(arguments const&) const = 0;
  virtual std::string text() const = 0;
  virtual std::string explained() const = 0;
};

template <class O>
class pairs_leaf : public any_pairs {
 public:
  explicit pairs_leaf(O const& o) : o_(o) {}
  std::string text() const override { return cohort::text(o_); }
  std::string explained() const override { return cohort::explained(o_); }

  nb::tuple call(arguments const& given) const override {
    python::call c(O::notes.name);
    bool of_logp = terms_read_by(o_) & needs::logp;
    auto first = of_logp ? given.chosen_logp : given.chosen_score;
    char const* name = of_logp ? "chosen_logp" : "chosen_score";
    return with_type(c, c.array(first, name), name, [&]<class T>(T) { return in_type<T>(c, given, of_logp); });
  }

 private:
  template <class T>
  nb::tuple in_type(python::call& c, arguments const& given, bool of_logp) const {
    std::ptrdiff_t P = -1;
    std::string decided;
    auto read = [&](nb::handle array, char const* what) {
      auto v = c.vector<T>(array, what);
      if (P < 0) P = v.rows, decided = what;
      if (v.rows != P)
        c.refuse(std::string(what) + " has " + std::to_string(v.rows) + " elements, expected " + std::to_string(P) +
                 ", as many as " + decided);
      return v;
    };
    auto in_turn = [&](view<T const> chosen, view<T const> rejected) {
      std::vector<T> all;
      for (std::ptrdiff_t p = 0; p < P; ++p) all.push_back(chosen[p]), all.push_back(rejected[p]);
      return all;
    };
    auto both = [&](nb::handle chosen, char const* chosen_name, nb::handle rejected, char const* rejected_name) {
      auto a = read(chosen, chosen_name), b = read(rejected, rejected_name);
      return in_turn(a, b);
    };
    std::vector<T> now, ref, length;
    if (of_logp) {
      now = both(given.chosen_logp, "chosen_logp", given.rejected_logp, "rejected_logp");
      ref = both(given.chosen_ref_logp, "chosen_ref_logp", given.rejected_ref_logp, "rejected_ref_logp");
    } else {
      now = both(given.chosen_score, "chosen_score", given.rejected_score, "rejected_score");
      ref.assign(now.size(), T(0));
    }
    if constexpr (std::is_same_v<O, ipo>)
      length = both(given.chosen_length, "chosen_length", given.rejected_length, "rejected_length");
    else length.assign(now.size(), T(1));
    for (T n : length)
      if (!(n > 0))
        c.refuse("a length is " + cohort::detail::text(double(n)) +
                 ", expected the number of a series' valid steps, a positive number");

    // One step for each series: what a step holds are sums along the series already.
    auto rows = [&](std::vector<T>& v) { return view<T>(v.data(), P, 2); };
    auto as_input = [&](std::vector<T>& v) { return view<T const>(rows(v)); };
    std::vector<T> loss(now.size()), dlogp(now.size()), dscore(now.size()), none(now.size(), T(0)), pairs{T(P)};
    backend<T>().map_rows(P, cohort::detail::pair_kernel<O>{o_}, as_input(of_logp ? now : none), as_input(ref),
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
  O o_;
};

template <class... O>
void add_objectives_of_pairs(nb::module_& m, std::tuple<O...> const&) {
  (m.def(
       O::notes.name,
       [](nb::kwargs given) -> std::shared_ptr<any_pairs> {
         return std::make_shared<pairs_leaf<O>>(with_parameters<O>(given));
       },
       documentation<O>().c_str()),
   ...);
}

}  // namespace

void add_pairs(nb::module_& m) {
  auto none = nb::none();
  nb::class_<any_pairs>(
      m, "PairObjective",
      "A loss of pairs, a chosen and a rejected series for the same prompt.\n\nCalling it gives (loss, gradient): the "
      "mean over pairs, and a dict of arrays, the exact derivatives with respect to what depends on the\nparameters. "
      "Arrays have a number for each pair, float32 or float64, by keyword: chosen_logp, rejected_logp, "
      "chosen_ref_logp, rejected_ref_logp\n(sums of log-probabilities along the series; the derivative of each of its "
      "steps is that of the sum), for ipo chosen_length and rejected_length,\nfor bradley_terry chosen_score and "
      "rejected_score alone.")
      .def(
          "__call__",
          [](any_pairs const& o, nb::handle cl, nb::handle rl, nb::handle cr, nb::handle rr, nb::handle cs,
             nb::handle rs, nb::handle cn, nb::handle rn) { return o.call({cl, rl, cr, rr, cs, rs, cn, rn}); },
          nb::kw_only(), nb::arg("chosen_logp") = none, nb::arg("rejected_logp") = none,
          nb::arg("chosen_ref_logp") = none, nb::arg("rejected_ref_logp") = none, nb::arg("chosen_score") = none,
          nb::arg("rejected_score") = none, nb::arg("chosen_length") = none, nb::arg("rejected_length") = none)
      .def("__repr__", &any_pairs::text)
      .def("explained", &any_pairs::explained, "The objective with its formula and source.");
  add_objectives_of_pairs(m, catalogue::pair_objectives{});
}

}  // namespace cohort::python
