#include <cohort/sampler/categorical.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"

using namespace cohort;
using namespace arrays;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

numbers softmax(double const* logits, int A) {
  double total = 0;
  numbers p;
  for (int a = 0; a < A; ++a) total += std::exp(logits[a]);
  for (int a = 0; a < A; ++a) p.push_back(std::exp(logits[a]) / total);
  return p;
}
double entropy_of(numbers const& p) {
  double h = 0;
  for (double x : p) h -= x > 0 ? x * std::log(x) : 0;
  return h;
}

template <class T>
struct evaluation {
  std::vector<T> logp, entropy;
};
template <class T>
evaluation<T> evaluate(std::vector<T> const& logits, int A, integers const& action, int G) {
  eigen::basic_backend<T> backend;
  std::ptrdiff_t R = std::ptrdiff_t(logits.size()) / A;
  evaluation<T> e{std::vector<T>(R * G), std::vector<T>(R * G)};
  categorical{A}.evaluate(backend, matrix(logits, R), {}, matrix(action, R), G, matrix(e.logp, R),
                          matrix(e.entropy, R));
  return e;
}
numbers backward(numbers const& logits, int A, integers const& action, int G, numbers const& dlogp,
                 numbers const& dentropy) {
  cpu backend;
  std::ptrdiff_t R = std::ptrdiff_t(logits.size()) / A;
  numbers dlogits(logits.size());
  categorical{A}.backward(backend, matrix(logits, R), {}, matrix(action, R), G, matrix(dlogp, R), matrix(dentropy, R),
                          matrix(dlogits, R), {});
  return dlogits;
}

struct draws {
  integers action;
  numbers logp;
};
draws sample(numbers const& logits, int A, int G, std::uint32_t step) {
  cpu backend;
  std::ptrdiff_t R = std::ptrdiff_t(logits.size()) / A;
  draws d{integers(R * G), numbers(R * G)};
  categorical{A}.sample(backend, stream_id{1, draw_purpose::action, step}, matrix(logits, R), {}, G,
                        matrix(d.action, R), matrix(d.logp, R));
  return d;
}

}  // namespace

TEMPLATE_TEST_CASE(
    "categorical: log-probabilities and entropies are those of the softmax, for one action of a row or three", "",
    float, double) {
  double digits = 16 * std::numeric_limits<TestType>::epsilon();
  for (int A : {1, 2, 5, 17})
    for (int G : {1, 3}) {
      int R = 11;
      auto logits = uniform<TestType>(R * A, 1, -4, 4);
      integers action;
      for (int i = 0; i < R * G; ++i) action.push_back(i * 7 % A);
      auto [logp, entropy] = evaluate(logits, A, action, G);
      for (int i = 0; i < R * G; ++i) {
        auto wide = cast<double>(logits);
        numbers p = softmax(&wide[i / G * A], A);
        REQUIRE(close(logp[i], std::log(p[action[i]]), digits, digits));
        REQUIRE(close(entropy[i], entropy_of(p), digits, digits));
      }
    }
}

TEST_CASE("categorical: logits of any size are no problem, and a shift of all changes nothing") {
  for (double shift : {0., 1e4, -1e4}) {
    auto [logp, entropy] = evaluate<double>({shift + 1, shift, shift - 2}, 3, {1}, 1);
    numbers const plain{1, 0, -2};
    numbers p = softmax(plain.data(), 3);
    REQUIRE(close(logp[0], std::log(p[1]), 1e-11));
    REQUIRE(close(entropy[0], entropy_of(p), 1e-11));
  }
  auto [logp, entropy] = evaluate<double>({800, 0, -800}, 3, {2}, 1);
  REQUIRE(logp[0] == -1600);
  REQUIRE(std::abs(entropy[0]) < 1e-300);
}

TEST_CASE("categorical: a logit of -inf makes an action impossible and leaves the others as if it were not there") {
  auto [logp, entropy] = evaluate<double>({-infinity, 1, 0, -infinity, -1}, 5, {0, 1, 4}, 3);
  auto [expected, h] = evaluate<double>({1, 0, -1}, 3, {0, 0, 2}, 3);
  REQUIRE(logp[0] == -infinity);
  for (int g : {1, 2}) REQUIRE(logp[g] == expected[g]);
  for (int g : {0, 1, 2}) REQUIRE(entropy[g] == h[g]);
  auto slope = backward({-infinity, 1, 0, -infinity, -1}, 5, {2}, 1, {.7}, {-.4}),
       plain = backward({1, 0, -1}, 3, {1}, 1, {.7}, {-.4});
  REQUIRE(slope == numbers{0, plain[0], plain[1], 0, plain[2]});
  numbers logits;
  for (int r = 0; r < 2000; ++r) logits.insert(logits.end(), {-infinity, .5, -infinity});
  for (auto a : sample(logits, 3, 1, 1).action) REQUIRE(a == 1);
}

TEST_CASE("categorical: the gradient of log-probabilities and entropies is that of five-point differences") {
  for (int G : {1, 3}) {
    int R = 6, A = 4;
    numbers logits = uniform(R * A, 1, -2, 2), dlogp = uniform(R * G, 2), dentropy = uniform(R * G, 3);
    integers action;
    for (int i = 0; i < R * G; ++i) action.push_back(i * 5 % A);
    auto found = backward(logits, A, action, G, dlogp, dentropy);
    for (int k = 0; k < R * A; ++k) {
      double expected = slope(
          [&](double x) {
            numbers moved = logits;
            moved[k] = x;
            auto e = evaluate(moved, A, action, G);
            double loss = 0;
            for (int i = k / A * G; i < (k / A + 1) * G; ++i) loss += dlogp[i] * e.logp[i] + dentropy[i] * e.entropy[i];
            return loss;
          },
          logits[k]);
      REQUIRE(close(found[k], expected, 1e-9, 1e-11));
    }
  }
}

TEST_CASE(
    "categorical: actions come as often as their probabilities say, to 5 sigma, whichever sample of a row it is") {
  int R = 40'000, A = 4, G = 3;
  numbers const row{.3, -1.2, 1, -3};
  numbers p = softmax(row.data(), A), logits;
  for (int r = 0; r < R; ++r) logits.insert(logits.end(), row.begin(), row.end());
  auto d = sample(logits, A, G, 1);
  for (int g = 0; g < G; ++g)
    for (int a = 0; a < A; ++a) {
      int count = 0, after = 0, next = 0;
      for (int r = 0; r < R; ++r) {
        count += d.action[r * G + g] == a;
        if (d.action[r * G + (g + 1) % G] == 0) ++next, after += d.action[r * G + g] == a;
      }
      REQUIRE(std::abs(count - R * p[a]) < 5 * std::sqrt(R * p[a] * (1 - p[a])));
      REQUIRE(std::abs(after - next * p[a]) <
              5 * std::sqrt(next * p[a] * (1 - p[a])));  // whatever the next sample of the row was
    }
}

TEST_CASE("categorical: a sample's log-probability is what evaluate gives it") {
  numbers logits = uniform(50 * 6, 1, -3, 3);
  auto d = sample(logits, 6, 2, 1);
  auto e = evaluate(logits, 6, d.action, 2);
  for (int i = 0; i < 100; ++i) REQUIRE(close(d.logp[i], e.logp[i], 1e-15, 1e-15));
}

TEST_CASE("categorical: what is drawn for a row does not depend on how many rows are drawn at once") {
  int A = 5, G = 2;
  numbers logits = uniform(37 * A, 1);
  auto whole = sample(logits, A, G, 1);
  for (int rows : {1, 2, 3, 4, 5, 16, 36}) {
    auto part = sample(numbers(logits.begin(), logits.begin() + rows * A), A, G, 1);
    for (int i = 0; i < rows * G; ++i) {
      REQUIRE(part.action[i] == whole.action[i]);
      REQUIRE(part.logp[i] == whole.logp[i]);
    }
  }
  REQUIRE(sample(logits, A, G, 2).action != whole.action);
}

TEST_CASE("categorical: a row alone, with the uniforms of its lane, draws what it draws in a batch") {
  int A = 5, G = 2;
  numbers logits = uniform(37 * A, 1);
  auto whole = sample(logits, A, G, 1);
  cpu backend;
  for (int r = 0; r < 37; ++r) {
    numbers u(G * A), row(logits.begin() + r * A, logits.begin() + (r + 1) * A), logp(G);
    integers action(G);
    backend.uniform(matrix(u, 1), stream_id{1, draw_purpose::action, 1}, std::uint32_t(r));
    backend.map_rows(1, detail::categorical_sample{A, G}, matrix(std::as_const(row), 1), matrix(std::as_const(u), 1),
                     matrix(action, 1), matrix(logp, 1));
    for (int g = 0; g < G; ++g) REQUIRE(action[g] == whole.action[r * G + g]);
  }
}

TEST_CASE("categorical: the mode is the most probable action, the first of those that are equally so") {
  cpu backend;
  numbers logits{0, 1, 1, 0, 0, 0, -1, -2, 5, -infinity, -infinity, -7};
  integers mode(4);
  categorical{3}.mode(backend, matrix(std::as_const(logits), 4), {}, matrix(mode, 4));
  REQUIRE(mode == integers{1, 0, 2, 2});
}
