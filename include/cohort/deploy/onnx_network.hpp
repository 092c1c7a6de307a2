#pragma once
#include <cmath>
#include <cohort/deploy/exported_actor.hpp>
#include <cohort/deploy/onnx_file.hpp>
#include <cohort/describe/enumerators.hpp>
#include <optional>

namespace COHORT_NAMESPACE::detail {

/// A network of full layers with one activation between them, read from a graph: from one of its outputs back to its
/// input. Whatever else is on the way is an io_error that names the node.
class onnx_network {
 public:
  struct matrix {
    std::size_t rows, columns;  ///< 1 row for a list, 1 and 1 for a number
    std::vector<float> numbers;
  };

  onnx_network(onnx_file const& file, std::size_t bytes) : file_(file), bytes_left_(4 * bytes) {}

  std::vector<actor_layer> layers;
  activation hidden = activation::tanh;  ///< without hidden layers it says nothing

  /// What makes `output`.
  void read(std::string output) {
    std::optional<activation> seen;
    bool is_open = false;  // whether an activation is still without the layer before it
    for (std::size_t step = 0; !file_.is_input(output) || file_.initializer(output); ++step) {
      if (step > file_.nodes().size()) file_.refuse("has a graph that goes in a circle");
      auto const* made = file_.maker(output);
      if (!made) file_.refuse("has nothing that makes " + shown(output));
      auto const& node = *made;
      std::string const& op = node.op;
      output = input(node, 0);
      if (op == "Identity" || op == "Dropout" || op == "Reshape") continue;
      if (op == "Cast") {
        auto const to = file_.integer(node, "to", 0);
        if (to != onnx::tensor::is_float && to != onnx::tensor::is_double)
          refuse(node, "makes ONNX's type " + std::to_string(to) + ", expected 1 (float) or 11 (double)");
      } else if (op == "Flatten") {
        if (auto const axis = file_.integer(node, "axis", 1); axis != 1)
          file_.refuse_node(node, "has the axis " + std::to_string(axis) + ", expected 1");
      } else if (op == "Tanh" || op == "Relu") {
        activation const a = op == "Tanh" ? activation::tanh : activation::relu;
        if (layers.empty()) refuse(node, "stands behind the last layer, which has to be linear");
        if (is_open) file_.refuse_node(node, "stands before another activation");
        if (seen && *seen != a)
          file_.refuse_node(node,
                            std::string("is beside layers of ") + name_of(*seen) + ", expected one activation for all");
        seen = a, hidden = a, is_open = true;
      } else if (is_open || layers.empty()) {
        output = linear(node), is_open = false;
      } else {
        output = before_layer(node);
      }
    }
    if (layers.empty()) file_.refuse("has no layer on the way to its output");
    if (is_open) file_.refuse("has an activation before its first layer");
    std::reverse(layers.begin(), layers.end());
    for (std::size_t l = 0; l + 1 < layers.size(); ++l) layers[l].after = hidden;
    check();
  }

  /// Floats that the file has as a constant.
  std::optional<matrix> constant(std::string name, bool is_transposed = false) {
    for (int step = 0; step < 8; ++step) {
      if (auto const* t = file_.initializer(name)) return floats(*t, name, is_transposed);
      auto const* node = file_.maker(name);
      if (!node) return {};
      if (node->op == "Constant") return floats(file_.value(*node), name, is_transposed);
      if (node->op == "Transpose") is_transposed = !is_transposed;  // of two extents there is one order besides theirs
      else if (node->op != "Identity") return {};
      name = input(*node, 0);
    }
    return {};
  }

 private:
  std::string const& input(onnx_file::node const& node, std::size_t k) const {
    if (k >= node.inputs.size())
      file_.refuse_node(node, "has " + std::to_string(node.inputs.size()) + " inputs, expected more");
    return node.inputs[k];
  }
  matrix needed(onnx_file::node const& node, std::size_t k, bool is_transposed = false) {
    if (auto m = constant(input(node, k), is_transposed)) return *std::move(m);
    file_.refuse_node(node, "has the input " + shown(node.inputs[k]) + ", expected a constant");
  }

  matrix floats(onnx_file::tensor const& t, std::string const& name, bool is_transposed) {
    auto fail = [&](std::string const& what) { file_.refuse("tensor " + shown(name) + " " + what); };
    std::size_t const size = t.type == onnx::tensor::is_float ? 4 : 8;
    if (t.type != onnx::tensor::is_float && t.type != onnx::tensor::is_double)
      fail("is of ONNX's type " + std::to_string(t.type) + ", expected 1 (float) or 11 (double)");
    if (t.shape.size() > 2) fail("has the shape " + shown(t.shape) + ", expected at most two extents");
    if (t.bytes.size() != product(t.shape, size))
      fail("has the shape " + shown(t.shape) + " and " + std::to_string(t.bytes.size()) + " bytes of data");
    if (t.bytes.size() > bytes_left_)
      file_.refuse("has layers that share their weights, and so more of them than it can hold");
    bytes_left_ -= t.bytes.size();
    matrix m{t.shape.size() == 2 ? t.shape[0] : 1, t.shape.empty() ? 1 : t.shape.back(), {}};
    m.numbers.resize(t.bytes.size() / size);
    for (std::size_t i = 0; i < m.numbers.size(); ++i) {
      std::size_t const to = is_transposed ? i % m.columns * m.rows + i / m.columns : i;
      if (size == 4) std::memcpy(&m.numbers[to], t.bytes.data() + i * 4, 4);
      else {
        double x;
        std::memcpy(&x, t.bytes.data() + i * 8, 8);
        m.numbers[to] = float(x);
      }
      if (!std::isfinite(m.numbers[to])) fail("has a number that is not finite");
    }
    if (is_transposed) std::swap(m.rows, m.columns);
    return m;
  }

  /// A number for each of n: the constant's, or the one that it is.
  std::vector<float> row(onnx_file::node const& node, std::size_t k, std::size_t n) {
    matrix m = needed(node, k);
    if (m.numbers.size() == 1) m.numbers.resize(n, m.numbers[0]);
    else if (m.rows != 1 || m.columns != n)
      file_.refuse_node(node, "has the constant " + shown(node.inputs[k]) + " of " + std::to_string(m.rows) + " x " +
                                  std::to_string(m.columns) + ", expected 1 x " + std::to_string(n));
    return std::move(m.numbers);
  }

  /// A layer; what it reads.
  std::string linear(onnx_file::node const& node) {
    if (node.op == "Gemm") {
      if (file_.integer(node, "transA", 0) != 0) file_.refuse_node(node, "has transA, expected none");
      float const alpha = file_.real(node, "alpha", 1), beta = file_.real(node, "beta", 1);
      push(node, needed(node, 1, file_.integer(node, "transB", 0) != 0));
      auto& layer = layers.back();
      for (float& w : layer.weight) w *= alpha;
      if (node.inputs.size() > 2 && !node.inputs[2].empty()) layer.bias = row(node, 2, layer.bias.size());
      for (float& b : layer.bias) b *= beta;
      return node.inputs[0];
    }
    if (node.op == "MatMul") {
      push(node, needed(node, 1));
      return node.inputs[0];
    }
    if (node.op == "Add") {
      for (std::size_t k : {0u, 1u}) {
        auto const* product = file_.maker(input(node, k));
        if (!product || product->op != "MatMul") continue;
        auto const from = linear(*product);
        layers.back().bias = row(node, 1 - k, layers.back().bias.size());
        return from;
      }
      refuse(node, "adds to no MatMul");
    }
    unknown(node);
  }

  void push(onnx_file::node const& node, matrix m) {
    constexpr std::size_t most = std::numeric_limits<int>::max();
    if (m.rows - 1 >= most || m.columns - 1 >= most)
      file_.refuse_node(node, "has weights of " + std::to_string(m.rows) + " x " + std::to_string(m.columns) +
                                  ", expected positive extents");
    layers.push_back({int(m.rows), int(m.columns), std::move(m.numbers), std::vector<float>(m.columns)});
  }

  /// A number added to or multiplied with each of those that a layer reads becomes a part of the layer; what is read
  /// then.
  std::string before_layer(onnx_file::node const& node) {
    std::string const& op = node.op;
    bool const adds = op == "Add" || op == "Sub", scales = op == "Mul" || op == "Div";
    if (!adds && !scales) unknown(node);
    if (++scaled_ > 16) file_.refuse_node(node, "is one of more than 16 that change what a layer reads");
    bool const is_first = (op == "Add" || op == "Mul") && constant(input(node, 0));
    auto& layer = layers.back();
    auto const c = row(node, is_first ? 0 : 1, std::size_t(layer.inputs));
    std::vector<double> more(layer.bias.begin(), layer.bias.end());
    for (std::size_t i = 0, w = 0; i < c.size(); ++i)
      for (std::size_t o = 0; o < more.size(); ++o, ++w) {
        if (adds) more[o] += double(op == "Sub" ? -c[i] : c[i]) * double(layer.weight[w]);
        else layer.weight[w] = op == "Mul" ? layer.weight[w] * c[i] : layer.weight[w] / c[i];
      }
    layer.bias.assign(more.begin(), more.end());
    return input(node, is_first ? 1 : 0);
  }

  /// Behind the last layer something may do with what it gives whatever it likes, if the output is named.
  [[noreturn]] void refuse(onnx_file::node const& node, std::string what) const {
    std::string last;
    for (auto const& n : file_.nodes())
      if (n.op == "Gemm" && !n.outputs.empty()) last = n.outputs[0];
    if (layers.empty() && !last.empty())
      what += "; onnx_options.output names what the last layer gives, such as " + shown(last);
    file_.refuse_node(node, what);
  }
  [[noreturn]] void unknown(onnx_file::node const& node) const {
    refuse(node, node.op == "Gemm" || node.op == "MatMul"
                     ? "follows another layer without an activation between"
                     : "is none of Gemm, MatMul with Add, Tanh, Relu, Identity, Flatten, Reshape, Cast, Dropout, and "
                       "before a layer Add, Sub, Mul, Div, of which a policy is made");
  }

  void check() const {
    for (std::size_t l = 0; l < layers.size(); ++l) {
      if (l > 0 && layers[l].inputs != layers[l - 1].outputs)
        file_.refuse("has a layer of " + std::to_string(layers[l - 1].outputs) + " units before one that reads " +
                     std::to_string(layers[l].inputs));
      for (auto const* numbers : {&layers[l].weight, &layers[l].bias})
        for (float x : *numbers)
          if (!std::isfinite(x)) file_.refuse("has a layer with a number that is not finite");
    }
  }

  onnx_file const& file_;
  std::size_t bytes_left_;  ///< that weights may take: exporters share equal ones, others than small ones are refused
  int scaled_ = 0;
};

}  // namespace COHORT_NAMESPACE::detail
