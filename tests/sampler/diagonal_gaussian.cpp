#include <cohort/sampler/diagonal_gaussian.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"

using namespace cohort;
using namespace arrays;

namespace {

double const log_two_pi = std::log(2 * std::acos(-1.));

template <class T>
struct evaluation {
  std::vector<T> logp, entropy;
};
template <class T>
evaluation<T> evaluate(std::vector<T> const& mean, std::vector<T> const& log_std, std::vector<T> const& action, int G) {
  eigen::basic_backend<T> backend;
  int D = int(log_std.size());
  std::ptrdiff_t R = std::ptrdiff_t(mean.size()) / D;
  evaluation<T> e{std::vector<T>(R * G), std::vector<T>(R * G)};
  diagonal_gaussian<T>{D}.evaluate(backend, matrix(mean, R), all(log_std), matrix(action, R), G, matrix(e.logp, R),
                                   matrix(e.entropy, R));
  return e;
}

struct draws {
  numbers action, logp;
};
draws sample(numbers const& mean, numbers const& log_std, int G, std::uint32_t step) {
  cpu backend;
  int D = int(log_std.size());
  std::ptrdiff_t R = std::ptrdiff_t(mean.size()) / D;
  draws d{numbers(R * G * D), numbers(R * G)};
  diagonal_gaussian<double>{D}.sample(backend, stream_id{1, draw_purpose::action, step}, matrix(mean, R), all(log_std),
                                      G, matrix(d.action, R), matrix(d.logp, R));
  return d;
}

}  // namespace

TEMPLATE_TEST_CASE(
    "diagonal_gaussian: log-probabilities and entropies are their closed forms, for one action of a row or three", "",
    float, double) {
  for (int D : {1, 3})
    for (int G : {1, 3}) {
      int R = 11;
      auto mean = uniform<TestType>(R * D, 1), log_std = uniform<TestType>(D, 2),
           action = uniform<TestType>(R * G * D, 3, -2, 2);
      auto [logp, entropy] = evaluate(mean, log_std, action, G);
      for (int i = 0; i < R * G; ++i) {
        double expected = 0, h = 0;
        for (int d = 0; d < D; ++d) {
          double std = std::exp(double(log_std[d])),
                 z = (double(action[i * D + d]) - double(mean[i / G * D + d])) / std;
          expected += -z * z / 2 - std::log(std) - log_two_pi / 2;
          h += std::log(std) + (1 + log_two_pi) / 2;
        }
        double digits = 16 * std::numeric_limits<TestType>::epsilon();
        REQUIRE(close(logp[i], expected, digits, digits));
        REQUIRE(close(entropy[i], h, digits, digits));
      }
    }
}

TEST_CASE("diagonal_gaussian: the gradient with respect to means and log_std is that of five-point differences") {
  for (int G : {1, 3}) {
    int R = 6, D = 2;
    numbers mean = uniform(R * D, 1), log_std = uniform(D, 2), action = uniform(R * G * D, 3, -2, 2),
            dlogp = uniform(R * G, 4), dentropy = uniform(R * G, 5);
    cpu backend;
    numbers dmean(R * D), dlog_std(D, 99);
    diagonal_gaussian<double>{D}.backward(backend, matrix(std::as_const(mean), R), all(std::as_const(log_std)),
                                          matrix(std::as_const(action), R), G, matrix(std::as_const(dlogp), R),
                                          matrix(std::as_const(dentropy), R), matrix(dmean, R), all(dlog_std));
    auto check = [&](numbers& at, numbers const& found) {
      for (std::size_t k = 0; k < at.size(); ++k) {
        double x = at[k];
        double expected = slope(
            [&](double y) {
              at[k] = y;
              auto e = evaluate(mean, log_std, action, G);
              double loss = 0;
              for (int i = 0; i < R * G; ++i) loss += dlogp[i] * e.logp[i] + dentropy[i] * e.entropy[i];
              return loss;
            },
            x);
        at[k] = x;
        REQUIRE(close(found[k], expected, 1e-9, 1e-10));  // sums of 18 terms up to 20
      }
    };
    check(mean, dmean);
    check(log_std, dlog_std);
  }
}

TEST_CASE(
    "diagonal_gaussian: samples have the mean, the variance, the skew and the tails of a normal number, to 5 sigma") {
  int R = 30'000, G = 2;
  numbers const center{1.5, -.5}, log_std{-.7, .4};
  numbers mean;
  for (int r = 0; r < R; ++r) mean.insert(mean.end(), center.begin(), center.end());
  auto d = sample(mean, log_std, G, 1);
  numbers z(R * G * 2);
  for (int i = 0; i < R * G * 2; ++i) z[i] = (d.action[i] - center[i % 2]) / std::exp(log_std[i % 2]);
  auto check = [](numbers const& x, double expected, double sigma) {
    double sum = 0;
    for (double v : x) sum += v;
    REQUIRE(std::abs(sum / double(x.size()) - expected) < 5 * sigma / std::sqrt(double(x.size())));
  };
  for (int column = 0; column < 4; ++column) {  // each sample of a row, each dimension
    numbers one, square, cube, fourth, beyond_two, with_next;
    for (int r = 0; r < R; ++r) {
      double v = z[r * 4 + column];
      one.push_back(v);
      square.push_back(v * v);
      cube.push_back(v * v * v);
      fourth.push_back(v * v * v * v);
      beyond_two.push_back(std::abs(v) > 2);
      with_next.push_back(v * z[r * 4 + (column + 1) % 4]);
    }
    check(one, 0, 1);
    check(square, 1, std::sqrt(2.));
    check(cube, 0, std::sqrt(15.));
    check(fourth, 3, std::sqrt(96.));
    double tail = std::erfc(std::sqrt(2.));
    check(beyond_two, tail, std::sqrt(tail * (1 - tail)));
    check(with_next, 0, 1);
  }
}

TEST_CASE("diagonal_gaussian: a sample's log-probability is what evaluate gives it") {
  numbers mean = uniform(50 * 3, 1), log_std = uniform(3, 2);
  auto d = sample(mean, log_std, 2, 1);
  auto e = evaluate(mean, log_std, d.action, 2);
  for (int i = 0; i < 100; ++i) REQUIRE(close(d.logp[i], e.logp[i], 1e-15, 1e-15));
}

TEST_CASE("diagonal_gaussian: what is drawn for a row does not depend on how many rows are drawn at once") {
  int D = 3, G = 2;
  numbers mean = uniform(37 * D, 1), log_std = uniform(D, 2);
  auto whole = sample(mean, log_std, G, 1);
  for (int rows : {1, 2, 3, 4, 5, 16, 36}) {
    auto part = sample(numbers(mean.begin(), mean.begin() + rows * D), log_std, G, 1);
    for (int i = 0; i < rows * G * D; ++i) REQUIRE(part.action[i] == whole.action[i]);
    for (int i = 0; i < rows * G; ++i) REQUIRE(part.logp[i] == whole.logp[i]);
  }
  REQUIRE(sample(mean, log_std, G, 2).action != whole.action);
}

TEST_CASE("diagonal_gaussian: the mode is the mean") {
  cpu backend;
  numbers mean = uniform(9 * 2, 1), log_std(2, 0), mode(9 * 2);
  diagonal_gaussian<double>{2}.mode(backend, matrix(std::as_const(mean), 9), all(std::as_const(log_std)),
                                    matrix(mode, 9));
  REQUIRE(mode == mean);
}
