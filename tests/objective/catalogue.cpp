#include <cohort/objective/all.hpp>
#include <cohort/objective/concept.hpp>
#include <cohort/objective/text.hpp>
#include "../catch.hpp"
#include "../support/nearby.hpp"
#include "../support/scalars.hpp"

// What is asked of every objective of the catalogue, with its default parameters. Its values are compared with what
// others give in tests of its own; that is what a new objective adds.

using namespace cohort;

namespace {

using plain = real<double>;

/// The terms that an objective may read, in one list for each kind: f(a field, the bit of `needs`, whether it has a
/// derivative). Fields of a kind are numbered in this order.
template <class S>
void each_field(step_terms<S>& t, auto f) {
  f(t.sampler_logp, needs::sampler_logp), f(t.old_logp, needs::old_logp), f(t.logp, needs::logp);
  f(t.ref_logp, needs::ref_logp), f(t.advantage, needs::advantage), f(t.entropy, needs::entropy);
  f(t.value, needs::value), f(t.old_value, needs::old_value), f(t.target, needs::target);
  f(t.kl, needs::kl), f(t.old_kl, needs::old_kl);
}
template <class S>
void each_field(series_terms<S>& t, auto f) {
  each_field(static_cast<step_terms<S>&>(t), f);
  f(t.total, 0u), f(t.length, 0u);
}
template <class S>
void each_field(pair_terms<S>& t, auto f) {
  f(t.chosen_logp, needs::logp), f(t.rejected_logp, needs::logp), f(t.chosen_ref_logp, needs::ref_logp);
  f(t.rejected_ref_logp, needs::ref_logp), f(t.chosen_score, needs::value), f(t.rejected_score, needs::value);
  f(t.chosen_length, 0u), f(t.rejected_length, 0u);
}

/// 200 samples of up to 13 fields, multiples of 1/64 so that a float holds them exactly.
struct samples {
  static constexpr std::size_t count = 200;
  std::array<std::vector<double>, 13> field;

  explicit samples(bool pairs) {
    for (std::uint32_t k = 0; k < field.size(); ++k) {
      bool length = pairs ? k == 6 || k == 7 : k == 12, divergence = !pairs && (k == 9 || k == 10);
      bool sums = pairs && k < 4;  // of log-probabilities: no series is sure, where the odds of orpo have their pole
      double low = length ? 1 : divergence ? 0 : sums ? -8 : -2, high = length ? 9 : sums ? -1 : k < 4 ? 0 : 2;
      field[k] = arrays::uniform(count, 70 + k, low, high);
      for (double& x : field[k]) x = std::round(x * 64) / 64;
    }
  }
};

/// Terms<S>::width samples; those that do not stand in `reads` are NaN.
template <template <class> class Terms, class S>
Terms<S> at(samples const& x, std::size_t first, unsigned reads, auto variable) {
  Terms<S> terms;
  each_field(terms, [&, k = 0]<class F>(F& field, unsigned bit) mutable {
    bool read = bit == 0 || (reads & bit) != 0;
    auto number = [&](int i) { return read ? x.field[k][(first + std::size_t(i)) % samples::count] : std::nan(""); };
    if constexpr (std::is_same_v<F, constant_t<S>>) field = scalars::gather<F>(number);
    else field = variable(S(), number, k);
    ++k;
  });
  return terms;
}

/// What is asked of one kind: loss(S(), terms) evaluates it.
template <template <class> class Terms>
struct kind {
  samples x{std::is_same_v<Terms<plain>, pair_terms<plain>>};
  unsigned reads;

  static constexpr auto constant = []<class S>(S, auto number, int) { return scalars::gather<S>(number); };

  void require_finite(auto loss) const {
    for (std::size_t i = 0; i < samples::count; ++i)
      REQUIRE(std::isfinite(plain(loss(at<Terms, plain>(x, i, reads, constant))).value));
  }
  /// Duals against differences, where the two sides agree: not on an edge. Some derivative is not 0.
  void require_derivatives(auto loss) const {
    int compared = 0, on_edge = 0, not_zero = 0;
    for (int by = 0; by < 13; ++by)
      for (std::size_t i = 0; i < samples::count; ++i) {
        bool depends = false;
        using D = dual<plain, 1>;
        D exact = loss(at<Terms, D>(x, i, reads, [&]<class S>(S, auto number, int k) {
          depends |= k == by;
          return k == by ? S::variable(plain(number(0)), 0) : S(plain(number(0)));
        }));
        if (!depends) break;
        nearby moved = loss(at<Terms, nearby>(x, i, reads, [&](nearby, auto number, int k) {
          return k == by ? nearby::variable(number(0)) : nearby(number(0));
        }));
        double slope = exact.tangent[0].value;
        CAPTURE(by, i, slope, moved.left(), moved.right(), moved.derivative());
        REQUIRE(exact.value.value == moved.value.value);
        REQUIRE(std::isfinite(slope));
        bool edge = !arrays::close(moved.left(), moved.right(), 1e-3, 1e-4);
        if (!edge) REQUIRE(arrays::close(moved.derivative(), slope, 1e-8, 1e-9));
        ++(edge ? on_edge : compared), not_zero += slope != 0;
      }
    REQUIRE(compared > 20 * on_edge);
    REQUIRE(not_zero > 0);
  }
  /// Every scalar against double, to 64 roundings.
  void require_scalars(auto loss) const {
    auto of = [&]<class R>(R, std::size_t first) {
      return loss(at<Terms, R>(x, first, reads, [&]<class S>(S, auto number, [[maybe_unused]] int k) {
        auto value = scalars::gather<constant_t<S>>(number);
        if constexpr (scalars::is_dual<S>) return S::variable(value, k % 3);
        else return value;
      }));
    };
    auto check = [&]<class S>(S) { REQUIRE(scalars::disagreement_of<S>(of, samples::count) <= 64); };
    std::apply([&](auto... scalar) { (check(scalar), ...); }, scalars::all());
  }
  void operator()(auto loss) const { require_finite(loss), require_derivatives(loss), require_scalars(loss); }
};

/// What it says of itself.
template <class O>
void require_described(O const& o) {
  CAPTURE(O::notes.name);
  if constexpr (requires { o.check(); }) REQUIRE_NOTHROW(o.check());
  REQUIRE((O::notes.name[0] && O::notes.formula[0] && O::notes.source[0]));
  REQUIRE(text(o).find(O::notes.name) == 0);
}

template <class Tuple>
void each(Tuple const& all, auto f) {
  std::apply([&](auto const&... o) { (f(o), ...); }, all);
}

}  // namespace

TEST_CASE(
    "catalogue: objectives of steps are finite, have the derivatives of their differences, and are the same in every "
    "scalar; what they do not read may be NaN") {
  each(catalogue::step_objectives{}, [](auto const& o) {
    require_described(o);
    kind<step_terms>{.reads = terms_read_by(o)}([&](auto const& terms) { return o(terms); });
  });
}
TEST_CASE("catalogue: so are objectives of series, and what they add up over a series") {
  each(catalogue::series_objectives{}, [](auto const& o) {
    require_described(o);
    kind<series_terms>{.reads = terms_read_by(o)}([&](auto const& terms) { return o(terms); });
    kind<step_terms>{.reads = terms_read_by(o)}(
        [&]<class S>(step_terms<S> const& terms) { return detail::step_of(o, terms); });
  });
}
TEST_CASE("catalogue: so are objectives of pairs") {
  each(catalogue::pair_objectives{}, [](auto const& o) {
    require_described(o);
    kind<pair_terms>{.reads = terms_read_by(o)}([&](auto const& terms) { return o(terms); });
  });
}
