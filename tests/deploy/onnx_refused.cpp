#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/deploy/export_onnx.hpp>
#include <cohort/deploy/load_onnx.hpp>
#include <functional>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/parameters.hpp"
#include "../support/refusal.hpp"
#include "../support/spaces.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using files::scratch;

namespace {

struct two_numbers : spaces::point {
  static constexpr cohort::discrete actions{2};
  outcome step(state& s, int, random_stream& draws) const { return next(s, 0, draws); }
};

/// What is said of bytes that are refused; "" where they are read.
template <template <class, class> class Policy = actor>
std::string said(std::string const& bytes, onnx_options const& o = {}) {
  eigen::backend cpu({.threads = 1});
  auto make = [&](network_options const& n, random_seed seed) { return Policy{cpu, two_numbers{}, n, seed}; };
  return support::message_of<cohort_error>(
      [&] { detail::policy_from_onnx(cpu, files::bytes(bytes), "x.onnx", o, 2, make); });
}

/// A file whose graph is written by a function, with weights w (2 x 2), v (2 x 3), n (3 x 2) and b (2).
using graph = detail::onnx_graph;
std::string graph_of(std::function<void(graph&)> const& write, std::string const& output = "logits",
                     std::vector<std::pair<std::string, std::string>> const& about = {}) {
  graph g;
  g.input("observation", detail::onnx::tensor::is_float, {0, 2});
  g.constant("w", {2, 2}, {1, 2, 3, 4}), g.constant("v", {2, 3}, {1, 2, 3, 4, 5, 6});
  g.constant("n", {3, 2}, {1, 2, 3, 4, 5, 6}), g.constant("b", {2}, {5, 6});
  write(g);
  if (!output.empty()) g.output(output, detail::onnx::tensor::is_float, {0, 2});
  return g.model(about);
}

std::string sound() {
  scratch const here;
  eigen::backend cpu;
  actor policy{cpu, spaces::numbers{}, tanh_gaussian{}, {.hidden = {3}}, random_seed{3}};
  export_onnx(cpu, policy, here.path / "x.onnx");
  return files::get(here.path / "x.onnx");
}
/// Whether bytes of that file are refused.
bool refused(std::string const& bytes) {
  eigen::backend cpu({.threads = 1});
  auto make = [&](network_options const& n, random_seed seed) {
    return actor{cpu, spaces::numbers{}, tanh_gaussian{}, n, seed};
  };
  return !support::message_of<cohort_error>([&] {
            detail::policy_from_onnx(cpu, files::bytes(bytes), "x.onnx", {}, 2, make);
          }).empty();
}

}  // namespace

TEST_CASE("load_onnx: what is read means what ONNX says") {
  eigen::backend cpu;
  auto numbers = [&](std::function<void(graph&)> const& write) {
    auto const bytes = graph_of(write);
    auto policy = detail::policy_from_onnx(
        cpu, files::bytes(bytes), "x.onnx", {}, 2,
        [&](network_options const& n, random_seed seed) { return actor{cpu, two_numbers{}, n, seed}; });
    return support::parameters_of(policy);
  };
  using list = std::vector<float>;
  CHECK(numbers([](graph& g) { g.node("Gemm", {"observation", "w", "b"}, "logits"); }) == list{1, 2, 3, 4, 5, 6});
  CHECK(numbers([](graph& g) { g.node("Gemm", {"observation", "w", "b"}, "logits", {{"transB", 1}}); }) ==
        list{1, 3, 2, 4, 5, 6});
  CHECK(numbers([](graph& g) { g.node("MatMul", {"observation", "w"}, "logits"); }) == list{1, 2, 3, 4, 0, 0});
  // (x - b) w = x w - b w
  CHECK(numbers([](graph& g) {
          g.node("Sub", {"observation", "b"}, "x"), g.node("MatMul", {"x", "w"}, "y"),
              g.node("Add", {"b", "y"}, "logits");
        }) == list{1, 2, 3, 4, 5 - (5 + 18), 6 - (10 + 24)});
  CHECK(numbers([](graph& g) {
          g.node("Dropout", {"observation"}, "x"), g.node("Reshape", {"x", "shape"}, "y");
          g.node("MatMul", {"y", "w"}, "z"), g.node("Identity", {"z"}, "logits");
        }) == list{1, 2, 3, 4, 0, 0});
  // (x * b) w + b
  CHECK(numbers([](graph& g) {
          g.node("Mul", {"b", "observation"}, "x"), g.node("Gemm", {"x", "w", "b"}, "logits");
        }) == list{5, 10, 18, 24, 5, 6});
}

TEST_CASE("load_onnx: a policy with an action mask reads it behind the file's network; log_std has to be a constant") {
  eigen::backend cpu;
  auto const four = graph_of([](graph& g) {
    g.constant("wide", {2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
    g.node("MatMul", {"observation", "wide"}, "logits");
  });
  auto masked = detail::policy_from_onnx(
      cpu, files::bytes(four), "x.onnx", {}, 2,
      [&](network_options const& n, random_seed seed) { return actor{cpu, spaces::doors{}, n, seed}; });
  controller control{cpu, spaces::doors{}, masked};
  CHECK(control.best(std::array{1., 1.}, std::array{true, true, true, true}) == 3);
  CHECK(control.best(std::array{1., 1.}, std::array{true, false, true, false}) == 2);
  auto const seen = graph_of(
      [](graph& g) {
        g.node("MatMul", {"observation", "w"}, "mean"), g.node("MatMul", {"observation", "w"}, "log_std");
      },
      "mean");
  auto load = [&] {
    detail::policy_from_onnx(cpu, files::bytes(seen), "x.onnx", {}, 2, [&](network_options const& n, random_seed seed) {
      return actor{cpu, spaces::numbers{}, n, seed};
    });
  };
  CHECK_THROWS_WITH(load(),
                    "x.onnx: node \"MatMul log_std\" (MatMul) makes \"log_std\" of what is observed, expected "
                    "a constant");
}

TEST_CASE("load_onnx: graphs of which no policy is made are refused, by node and operator") {
  auto node = [](std::string const& op, std::vector<std::string> const& in, std::string const& out) {
    return [=](graph& g) { g.node(op, in, out); };
  };
  CHECK_THAT(
      said(graph_of(node("Softmax", {"observation"}, "logits"))),
      ContainsSubstring("x.onnx: node \"Softmax logits\" (Softmax) is none of Gemm, MatMul with Add, Tanh, Relu"));
  CHECK_THAT(said(graph_of(node("Gemm", {"observation", "none", "b"}, "logits"))),
             ContainsSubstring("(Gemm) has the input \"none\", expected a constant"));
  CHECK_THAT(said(graph_of(node("Gemm", {"observation"}, "logits"))), ContainsSubstring("has 1 inputs, expected more"));
  CHECK_THAT(said(graph_of(node("Tanh", {"observation"}, "logits"))),
             ContainsSubstring("stands behind the last layer"));
  CHECK_THAT(said(graph_of(node("Add", {"observation", "b"}, "logits"))), ContainsSubstring("(Add) adds to no MatMul"));
  CHECK_THAT(said(graph_of(node("Identity", {"observation"}, "logits"))), ContainsSubstring("has no layer on the way"));
  CHECK_THAT(said(graph_of(node("Identity", {"logits"}, "logits"))), ContainsSubstring("goes in a circle"));
  CHECK_THAT(said(graph_of(node("Identity", {"w"}, "logits"))), ContainsSubstring("nothing that makes \"w\""));
  CHECK_THAT(said(graph_of(node("Identity", {"observation"}, "logits"), "")), ContainsSubstring("has no output"));
  CHECK_THAT(said(graph_of(node("Gemm", {"observation", "v"}, "logits"))),
             ContainsSubstring("\"logits\" of the network 2-3 has 3 numbers, and categorical is made of 2"));
  CHECK_THAT(said(graph_of(node("Gemm", {"observation", "n"}, "logits"))),
             ContainsSubstring("the network 3-2 reads 3 numbers, and an observation has 2"));
  CHECK_THAT(said(graph_of(node("Gemm", {"observation", "w", "v"}, "logits"))),
             ContainsSubstring("has the constant \"v\" of 2 x 3, expected 1 x 2"));
  auto const one = node("Gemm", {"observation", "w", "b"}, "logits");
  CHECK(said(graph_of(one)).empty());
  CHECK_THAT(said(graph_of(one), {.output = "logit"}),
             ContainsSubstring("there is no output named 'logit'; the nearest are logits"));
  CHECK_THAT(said(graph_of(one, "logits", {{"distribution", "bernoulli"}})),
             ContainsSubstring("the distribution is \"bernoulli\", expected \"categorical\""));
  auto two = [&](std::vector<std::pair<std::string, std::string>> const& hidden, std::string const& last = "w") {
    return said(graph_of([&](graph& g) {
      g.node("Gemm", {"observation", "w", "b"}, "x");
      std::string from = "x";
      for (auto const& [op, weight] : hidden) {
        g.node(op, weight.empty() ? std::vector{from} : std::vector{from, weight}, from + "'");
        from += "'";
      }
      g.node("Gemm", {from, last}, "logits");
    }));
  };
  CHECK(two({{"Relu", ""}}).empty());
  CHECK_THAT(two({}), ContainsSubstring("(Gemm) follows another layer without an activation between"));
  CHECK_THAT(two({{"Relu", ""}, {"Relu", ""}}), ContainsSubstring("(Relu) stands before another activation"));
  CHECK_THAT(two({{"Tanh", ""}, {"Gemm", "w"}, {"Relu", ""}}), ContainsSubstring("(Tanh) is beside layers of relu"));
  CHECK_THAT(two({{"Relu", ""}}, "n"), ContainsSubstring("a layer of 2 units before one that reads 3"));
  auto attribute = [&](std::string const& op, graph::integer a) {
    return said(graph_of([&](graph& g) {
      g.node(op, {"observation"}, "x", {a});
      g.node("Gemm", {"x", "w"}, "logits", {a});
    }));
  };
  CHECK(attribute("Flatten", {"axis", 1}).empty());
  CHECK_THAT(attribute("Flatten", {"axis", 0}), ContainsSubstring("(Flatten) has the axis 0, expected 1"));
  CHECK_THAT(attribute("Cast", {"to", 7}), ContainsSubstring("(Cast) makes ONNX's type 7"));
  CHECK_THAT(attribute("Identity", {"transA", 1}), ContainsSubstring("(Gemm) has transA"));
  auto critic = [&](std::string const& weight) {
    return said<actor_critic>(graph_of([&](graph& g) {
      one(g);
      g.node("Gemm", {"observation", weight}, "value");
      g.output("value", detail::onnx::tensor::is_float, {0, 1});
    }));
  };
  CHECK_THAT(critic("w"), ContainsSubstring("\"value\" is that of a network 2-2, expected 2-1"));
  CHECK_THAT(said(graph_of([&](graph& g) { one(g), g.constant("log_std", {1}, {0}); })),
             ContainsSubstring("\"log_std\" has 1 numbers, and categorical is made of 0"));
}

TEST_CASE("load_onnx: files that are cut anywhere, of another kind or with absurd tensors are refused") {
  std::string const whole = sound();
  REQUIRE_FALSE(refused(whole));
  std::size_t cut = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) cut += refused(whole.substr(0, n));
  CHECK(cut == whole.size());
  CHECK_THAT(said(""), ContainsSubstring("has no graph"));
  CHECK_THAT(said(files::safetensors("{}")), ContainsSubstring("x.onnx: "));
}

TEST_CASE("load_onnx: tensors that are not what they say, and files of other times, are refused") {
  using message = file::protobuf_message;
  auto model = [](message const& tensor, int opset = 11, std::string const& domain = "ai.onnx") {
    message graph, versions, whole;
    graph.message(5, tensor).text(11, "").message(11, message().text(1, "observation"));
    message node;
    node.text(1, "observation").text(1, "w").text(2, "logits").text(4, "MatMul").text(7, domain);
    graph.message(1, node).message(12, message().text(1, "logits"));
    return whole.message(8, versions.integer(2, opset)).message(7, graph).bytes();
  };
  std::string const four(16, '\0');
  auto tensor = [](std::vector<int> const& shape, int type, std::string const& raw) {
    message t;
    for (int n : shape) t.integer(1, n);
    return t.integer(2, type).text(8, "w").text(9, raw);
  };
  CHECK(said(model(tensor({2, 2}, 1, four))).empty());
  CHECK(said(model(tensor({2, 2}, 11, four + four))).empty());
  CHECK_THAT(said(model(tensor({2, 2}, 1, four), 6)), ContainsSubstring("is of opset 6, expected 7 or later"));
  CHECK_THAT(said(model(tensor({2, 2}, 1, four), 11, "com.microsoft")),
             ContainsSubstring("node \"logits\" (com.microsoft::MatMul) is none of"));
  CHECK_THAT(said(model(tensor({2, 2}, 10, four))), ContainsSubstring("tensor \"w\" is of ONNX's type 10, expected 1"));
  CHECK_THAT(said(model(tensor({2, 1, 2}, 1, four))), ContainsSubstring("expected at most two extents"));
  CHECK_THAT(said(model(tensor({-1, 2}, 1, four))), ContainsSubstring("and 16 bytes of data"));
  CHECK_THAT(said(model(tensor({1 << 30, 1 << 30}, 1, four))), ContainsSubstring("and 16 bytes of data"));
  CHECK_THAT(said(model(tensor({0, 2}, 1, ""))), ContainsSubstring("has weights of 0 x 2, expected positive extents"));
  CHECK_THAT(said(model(tensor({2, 2}, 1, "\xff\xff\xff\xff" + four.substr(4)))),
             ContainsSubstring("tensor \"w\" has a number that is not finite"));
  CHECK_THAT(said(model(tensor({2, 2}, 1, "").integer(14, 1))), ContainsSubstring("lies in a file beside it"));
  CHECK_THAT(said(message().integer(7, 5).bytes()), ContainsSubstring("field 7 is of type 0, expected bytes"));
  CHECK_THAT(said(std::string(1, '\x3b')), ContainsSubstring("field 7 is of type 3, expected 0, 1, 2 or 5"));
  CHECK_THAT(said(std::string(11, '\xff')), ContainsSubstring("one of more than 64 bits"));
  auto const shared = graph_of([](graph& g) {
    std::string from = "observation";
    for (int k = 0; k < 40; ++k) {
      g.node("MatMul", {from, "big"}, "l" + std::to_string(k));
      g.node("Tanh", {"l" + std::to_string(k)}, from = "h" + std::to_string(k));
    }
    g.constant("big", {64, 64}, std::vector<float>(64 * 64, 1));
    g.node("MatMul", {from, "big"}, "logits");
  });
  CHECK_THAT(said(shared), ContainsSubstring("has layers that share their weights"));
}

TEST_CASE("load_onnx: of files with bits flipped at random none does harm") {
  std::string const whole = sound();
  random_stream draws(stream_id{9, draw_purpose::user});
  int count = 0;
  for (int k = 0; k < 1500; ++k) {
    auto changed = whole;
    for (int flips = 1 + k % 4; flips > 0; --flips) {
      auto const at = std::size_t(draws.uniform() * double(whole.size()));
      changed[at] = char(changed[at] ^ 1 << int(draws.uniform() * 8));
    }
    count += refused(changed);
  }
  CHECK(count > 500);  // what is left flips a weight or a name
  CHECK(count < 1500);
}
