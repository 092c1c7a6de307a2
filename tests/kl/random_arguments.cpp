#include <cohort/backend/formulas.hpp>
#include <cohort/kl/controller.hpp>
#include <cohort/kl/estimators.hpp>
#include <cohort/kl/exact.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"

using namespace cohort;
using namespace arrays;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Log-probabilities of equal, of close and of far policies, down to those of what hardly ever happens. All are floats.
struct arguments {
  numbers logp, ref, old;
  explicit arguments(std::uint32_t seed) {
    random_stream draws(stream_id{15, draw_purpose::user, seed});
    double const apart[] = {0, 1e-6, 1e-3, 1, 15};
    for (int i = 1 + int(draws.integer(100)); i > 0; --i) {
      double x = draws.uniform(-30, 0), d = apart[draws.integer(5)];
      logp.push_back(float(x));
      ref.push_back(float(x + d * draws.uniform(-1, 1)));
      old.push_back(float(x + .2 * draws.uniform(-1, 1)));
    }
  }
};

/// f(x, ratio) is the estimator in long double; `roundings` of its terms' size are allowed, since x itself is rounded.
template <class K, class F>
void check(arguments const& a, K const& estimator, F f, double size_of_terms = 0) {
  auto in_type = [&]<class T>(T) {
    eigen::basic_backend<T> backend;
    auto logp = cast<T>(a.logp), ref = cast<T>(a.ref), old = cast<T>(a.old);
    std::vector<T> found(logp.size());
    if constexpr (requires { estimator(real<T>(), real<T>(), real<T>()); })
      backend.map(outputs{all(found)}, estimator, all(std::as_const(logp)), all(std::as_const(ref)),
                  all(std::as_const(old)));
    else backend.map(outputs{all(found)}, estimator, all(std::as_const(logp)), all(std::as_const(ref)));
    double eps = std::numeric_limits<T>::epsilon();
    for (std::size_t i = 0; i < found.size(); ++i) {
      long double x = (long double)a.logp[i] - a.ref[i], ratio = std::exp((long double)a.logp[i] - a.old[i]);
      double expected = double(f(x, ratio));
      CAPTURE(double(x), expected, double(found[i]));
      // Exponentials multiply the rounding of their argument by it.
      REQUIRE(close(double(found[i]), expected, 8 * eps * (1 + std::abs(double(x))),
                    4 * eps * size_of_terms * std::abs(double(x))));
    }
  };
  in_type(double());
  in_type(float());
}
long double by_k3(long double x) { return std::expm1(-x) + x; }

}  // namespace

TEST_CASE("KL estimators: in float and double each is its formula, for policies that are equal, close and far apart") {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    arguments a(seed);
    check(a, k1{}, [](auto x, auto) { return x; });
    check(a, k2{}, [](auto x, auto) { return x * x / 2; });
    check(a, k3{}, [](auto x, auto) { return by_k3(x); }, 1);
    check(a, absolute_log_ratio{}, [](auto x, auto) { return std::abs(x); });
    check(a, straight_through{}, [](auto x, auto) { return by_k3(x); }, 1);
    check(a, straight_through{k2{}, k1{}}, [](auto x, auto) { return x * x / 2; });
    check(a, ratio_corrected<k3>{}, [](auto x, auto r) { return r * by_k3(x); }, 2);
    check(a, ratio_corrected<k1>{}, [](auto x, auto r) { return r * x; });
    check(a, clamped<k3>{{}, 3, 2}, [](auto x, auto) { return std::min(2.L, by_k3(std::clamp(x, -3.L, 3.L))); }, 1);
    check(a, ratio_corrected<clamped<k1>>{{{}, 20, 1}}, [](auto x, auto r) { return r * std::clamp(x, -1.L, 1.L); });
  }
}

TEST_CASE("KL estimators: a NaN is never hidden, and clamped makes a number of what is infinitely far") {
  real<double> nan_ = std::numeric_limits<double>::quiet_NaN(), zero = 0, inf = std::numeric_limits<double>::infinity();
  auto is_nan = [&](auto const& k) {
    double a = k(nan_, zero).value, b = k(zero, nan_).value;
    return a != a && b != b;
  };
  REQUIRE(is_nan(k1{}));
  REQUIRE(is_nan(k2{}));
  REQUIRE(is_nan(k3{}));
  REQUIRE(is_nan(absolute_log_ratio{}));
  REQUIRE(is_nan(straight_through{}));
  REQUIRE(is_nan(clamped{}));
  REQUIRE(clamped{}(-inf, zero).value == 10);
  REQUIRE(close(clamped{}(zero, -inf).value, 10, 0));
  REQUIRE(clamped<k1>{}(-inf, zero).value == -10);
}

TEST_CASE("exact divergences: views that do not fit together are refused by name") {
  cpu backend;
  numbers a(6), b(6), out(2), slope(6), other(6);
  REQUIRE_THROWS_WITH(categorical_kl(backend, matrix(a, 2), matrix(b, 3), matrix(out, 2), matrix(slope, 2)),
                      ContainsSubstring("categorical_kl: the other's logits is 3 x 2, expected 2 x 3"));
  REQUIRE_THROWS_WITH(categorical_kl(backend, matrix(a, 2), matrix(b, 2), matrix(out, 2), matrix(slope, 3)),
                      ContainsSubstring("the slope is 3 x 2"));
  auto gaussian = [&](std::ptrdiff_t log_std_rows, std::ptrdiff_t slope_rows) {
    gaussian_kl(backend, matrix(a, 2), matrix(b, log_std_rows), matrix(a, 2), matrix(b, 2), matrix(out, 2),
                matrix(slope, 2), matrix(other, slope_rows));
  };
  REQUIRE_THROWS_WITH(gaussian(3, 2), ContainsSubstring("gaussian_kl: log_std is 3 x 2, expected 2 x 3"));
  REQUIRE_THROWS_WITH(gaussian(2, 6), ContainsSubstring("the slope of log_std is 6 x 1"));
}

TEST_CASE("proportional_kl: a weight never changes its sign: more samples than the horizon bears are refused") {
  proportional_kl c{.weight = 1, .horizon = 100};
  c.update(0, 499);
  REQUIRE(c.weight > 0);
  REQUIRE_THROWS_WITH(c.update(0, 500),
                      ContainsSubstring("the number of samples is 500") && ContainsSubstring("horizon / limit"));
  REQUIRE_THROWS_WITH(c.update(0, -1), ContainsSubstring("the number of samples is -1"));
  c.limit = -.1;
  REQUIRE_THROWS_WITH(c.update(0, 1), ContainsSubstring("limit is -0.1"));
}
