#include <cohort/network/gru.hpp>
#include <cohort/network/lstm.hpp>
#include <cohort/network/min_gru.hpp>
#include "../catch.hpp"
#include "../support/archetype.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

using namespace cohort;
using namespace arrays;

namespace {

struct tanh_of {
  constexpr auto operator()(auto x) const { return tanh(x); }
};
struct tanh_slope {
  constexpr auto operator()(auto d, auto y) const { return d * (1 - y * y); }
};
struct back {
  template <class S>
  constexpr several<S, 2> operator()(S d, S y) const {
    return {{d * (1 - y * y), 0}};
  }
};
/// One of one's own: h' = tanh(x W + b + h U).
struct elman {
  int units = 8;
  static constexpr int gates = 1, states = 1;
  static constexpr bool keeps_more = false;
  void arrays(layer_extents const& in, auto const& f) const {
    f("weight", in.size, units), f("bias", 1, units, 0), f("recurrent_weight", units, units);
  }
  void step(auto& b, auto const& at) const { b.map(outputs{at.y}, tanh_of{}, constant(at.gates)); }
  void step_back(auto& b, auto const& at, auto const& d, auto const& din) const {
    b.map(outputs{d.gates, din.before}, back{}, constant(d.y), constant(at.y));
  }
  void step_tangent(auto& b, auto const& at, auto const& d) const {
    b.map(outputs{d.y}, tanh_slope{}, constant(d.gates), constant(at.y));
  }
  template <class T>
  static view<T const> constant(view<T> v) {
    return v;
  }
};

/// The arrays of a cell one after the other.
struct listed {
  std::vector<std::ptrdiff_t> first, rows, columns;
  std::ptrdiff_t size = 0;

  template <class Cell>
  listed(Cell const& cell, int inputs) {
    cell.arrays(inputs, [&](char const*, int r, int c, auto...) {
      first.push_back(size), rows.push_back(r), columns.push_back(c);
      size += std::ptrdiff_t(r) * c;
    });
  }
};
template <class T>
struct views {
  listed const& at;
  T* data;
  view<T> operator[](std::size_t k) const { return {data + at.first[k], at.rows[k], at.columns[k]}; }
};

template <backend B>
struct pass {
  using T = value_t<B>;
  view<T const> x;
  view<T> y;
  views<T const> parameters;
  std::vector<typename B::template array<T>>& rooms;
  through_time<T> in_time;
  std::vector<typename B::template array<T>>& factors;

  through_time<T> time() const { return in_time; }
  typename B::factor prepared(B& backend, std::size_t k, view<T const> matrix) const {
    return backend.prepare(factors[k], matrix);
  }
  view<T> kept(B& backend, std::size_t k, std::ptrdiff_t rows, std::ptrdiff_t columns) const {
    if (rooms.size() <= k) rooms.resize(k + 1);
    backend.resize(rooms[k], rows * columns);
    return rooms[k].matrix(rows, columns);
  }
};

/// Four series of 5, 3, 3 and 1 steps side by side, in some of which an episode begins.
time_layout ragged() {
  time_layout all;
  for (int n : {4, 3, 3, 1, 1}) all.add(n);
  return all;
}
numbers const ragged_goes_on{1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1};

template <class Cell>
struct problem {
  Cell cell;
  int inputs;
  time_layout layout;
  numbers goes_on;
  numbers x = uniform(layout.size() * inputs, 2), parameters = uniform(listed(cell, inputs).size, 1),
          before = uniform(layout.rows(0) * Cell::states * cell.units, 3);
  listed at{cell, inputs};

  struct results {
    numbers y, states, gradient, dx, dy;
  };
  /// Forward, states, backward of sum(dy y), and the tangent along v and dx.
  template <backend B = cpu>
  results run(numbers const& dy = {}, numbers const& v = {}, numbers const& dx = {}) const {
    B backend;
    std::vector<typename B::template array<double>> rooms, factors(2);
    std::ptrdiff_t R = layout.size();
    int H = cell.units;
    results out{numbers(R * H), numbers(R * Cell::states * H), numbers(at.size, 99), numbers(x.size(), 99),
                numbers(R * H, 99)};
    pass<B> p{matrix(x, R),
              matrix(out.y, R),
              {at, parameters.data()},
              rooms,
              {&layout, all(goes_on), matrix(before, layout.rows(0))},
              factors};
    recurrent_passes<B, Cell, pass<B>> passes(backend, cell, p);
    passes.forward();
    passes.states(matrix(out.states, R));
    if (!v.empty())
      passes.tangent(views<double const>{at, v.data()}, dx.empty() ? view<double const>{} : matrix(dx, R),
                     matrix(out.dy, R));
    if (!dy.empty())
      for (int twice = 0; twice < 2; ++twice) {
        numbers spent = dy;
        passes.backward(matrix(spent, R), views<double>{at, out.gradient.data()}, matrix(out.dx, R));
      }
    return out;
  }

  /// Row by row as the comments have it.
  results by_hand() const {
    std::ptrdiff_t R = layout.size();
    int H = cell.units, S = Cell::states, g = Cell::gates;
    results out{numbers(R * H), numbers(R * S * H), {}, {}, {}};
    auto sigma = [](double a) { return 1 / (1 + std::exp(-a)); };
    for (std::size_t t = 0; t < layout.steps(); ++t)
      for (std::ptrdiff_t k = 0; k < layout.rows(t); ++k) {
        std::ptrdiff_t r = layout.first[t] + k;
        numbers old(S * H, 0.);
        if (goes_on[r] != 0)
          for (int j = 0; j < S * H; ++j)
            old[j] = t == 0 ? before[k * S * H + j] : out.states[(layout.first[t - 1] + k) * S * H + j];
        auto in = [&](int c) {
          double sum = parameters[at.first[1] + c];
          for (int i = 0; i < inputs; ++i) sum += x[r * inputs + i] * parameters[at.first[0] + i * g * H + c];
          return sum;
        };
        auto back = [&](int c) {
          double sum = 0;
          for (int i = 0; i < H; ++i) sum += old[i] * parameters[at.first[2] + i * g * H + c];
          return sum;
        };
        for (int j = 0; j < H; ++j) {
          double h = old[j];
          if constexpr (std::is_same_v<Cell, gru>) {
            double a = sigma(in(j) + back(j)), z = sigma(in(H + j) + back(H + j)),
                   n = std::tanh(in(2 * H + j) + a * (back(2 * H + j) + parameters[at.first[3] + j]));
            h = (1 - z) * n + z * h;
          } else if constexpr (std::is_same_v<Cell, lstm>) {
            auto gate = [&](int k) { return in(k * H + j) + back(k * H + j); };
            double c = sigma(gate(1)) * old[H + j] + sigma(gate(0)) * std::tanh(gate(2));
            h = sigma(gate(3)) * std::tanh(c);
            out.states[r * S * H + H + j] = c;
          } else if constexpr (std::is_same_v<Cell, elman>) {
            h = std::tanh(in(j) + back(j));
          } else {
            double z = sigma(in(j));
            h = (1 - z) * h + z * in(H + j);
          }
          out.y[r * H + j] = out.states[r * S * H + j] = h;
        }
      }
    return out;
  }
};

double dot(numbers const& a, numbers const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
void require_close(numbers const& found, numbers const& expected, double tolerance) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(close(found[i], expected[i], tolerance, tolerance));
}

}  // namespace

TEMPLATE_TEST_CASE("recurrent layers: every pass is the comment's formula row by row, and its differences", "", gru,
                   lstm, min_gru, elman) {
  for (auto const& [layout, goes_on] : {std::pair{ragged(), ragged_goes_on}, {time_layout(3), numbers{1, 0, 1}}}) {
    problem<TestType> p{{5}, 3, layout, goes_on};
    auto const expected = p.by_hand();
    std::ptrdiff_t const R = layout.size();
    numbers const dy = uniform(R * 5, 4), v = uniform(p.at.size, 5), dx = uniform(p.x.size(), 6);
    auto const found = p.run(dy, v, dx);
    require_close(found.y, expected.y, 1e-13);
    require_close(found.states, expected.states, 1e-13);
    auto differences = [&](numbers& of, numbers const& gradient) {
      for (std::size_t k = 0; k < of.size(); ++k) {
        double const at = of[k];
        REQUIRE(close(gradient[k], slope([&](double a) { return of[k] = a, dot(dy, p.by_hand().y); }, at), 1e-9, 1e-9));
        of[k] = at;
      }
    };
    differences(p.parameters, found.gradient);
    differences(p.x, found.dx);
    auto along = [&](bool with_x, numbers const& tangent) {
      auto moved = [&](double a) {
        auto q = p;
        for (std::size_t k = 0; k < v.size(); ++k) q.parameters[k] += a * v[k];
        for (std::size_t k = 0; with_x && k < dx.size(); ++k) q.x[k] += a * dx[k];
        return q.by_hand().y;
      };
      for (std::size_t i = 0; i < tangent.size(); ++i)
        REQUIRE(close(tangent[i], slope([&](double a) { return moved(a)[i]; }, 0), 1e-9, 1e-9));
    };
    along(true, found.dy);
    along(false, p.run({}, v).dy);
    auto const plain = p.template run<archetype<double>>(dy, v, dx);  // every primitive the generic one
    require_close(plain.y, found.y, 1e-13);
    require_close(plain.gradient, found.gradient, 1e-12);
    require_close(plain.dy, found.dy, 1e-12);
  }
}

TEMPLATE_TEST_CASE("recurrent layers: a row has the same bits whatever is beside it, and in one step from its states",
                   "", gru, lstm, min_gru) {
  problem<TestType> p{{16}, 4, ragged(), ragged_goes_on};
  auto const all = p.run();
  int const S = TestType::states * 16;
  for (std::ptrdiff_t k = 0; k < 4; ++k)
    for (std::size_t t = 0; t < p.layout.steps() && k < p.layout.rows(t); ++t) {
      std::ptrdiff_t const r = p.layout.first[t] + k;
      problem<TestType> one{{16},        4, time_layout(1), {p.goes_on[r]}, numbers(&p.x[r * 4], &p.x[r * 4] + 4),
                            p.parameters};
      double const* from = t == 0 ? &p.before[k * S] : &all.states[(p.layout.first[t - 1] + k) * S];
      one.before.assign(from, from + S);
      REQUIRE(one.run().states == numbers(&all.states[r * S], &all.states[r * S] + S));
    }
}

TEST_CASE("recurrent layers: gru and lstm are PyTorch's", "[golden]") {
  auto const recorded = golden::read("network/recurrent.txt");
  auto compare = [&](auto cell, std::string const& name) {
    auto row = [&](std::string const& what) { return golden::row(recorded, name + "." + what); };
    problem<decltype(cell)> p{cell, 4, time_layout(3, 5), numbers(15, 1.), row("x"), row("parameters"), row("before")};
    auto const found = p.run(row("dy"));
    require_close(found.y, row("y"), 1e-12);
    require_close(found.dx, row("dx"), 1e-12);
    require_close(found.gradient, row("gradient"), 1e-12);
    auto const end = found.states.end() - 3 * decltype(cell)::states * cell.units;
    require_close(numbers(end, found.states.end()), row("after"), 1e-12);
  };
  compare(gru{3}, "gru");
  compare(lstm{3}, "lstm");
}

TEST_CASE("recurrent layers: a layout of other rows and units below 1 are refused") {
  problem<gru> p{{2}, 1, time_layout(2), {1, 1}};
  p.layout = time_layout(3);
  p.before.resize(6);
  p.x = {1, 2}, p.goes_on = {1, 1};
  cpu backend;
  std::vector<cpu::array<double>> rooms, factors(2);
  numbers y(4);
  pass<cpu> wrong{matrix(p.x, 2), matrix(y, 2), {p.at, p.parameters.data()}, rooms, {&p.layout, all(p.goes_on), {}},
                  factors};
  CHECK_THROWS_WITH((recurrent_passes<cpu, gru, pass<cpu>>(backend, p.cell, wrong)),
                    "recurrent layer: the layout is of 3 rows, and there are 2");
  auto refused = [](auto cell) {
    CHECK_THROWS_WITH(cell.arrays(1, [](auto...) {}), Catch::Matchers::ContainsSubstring("units is 0"));
  };
  refused(gru{0}), refused(lstm{0}), refused(min_gru{0});
}
