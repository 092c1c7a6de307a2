#pragma once
#include <cohort/file/protobuf.hpp>
#include <cohort/version.hpp>
#include <initializer_list>

namespace COHORT_NAMESPACE::detail {

/// The numbers of ONNX's fields that are read and written here. Source: onnx.proto of https://github.com/onnx/onnx.
namespace onnx {
inline constexpr int opset = 11, ir_version = 6;  // old enough for every runtime that is in use
namespace model {
enum : int { ir_version = 1, producer_name, producer_version, graph = 7, opset_import, metadata_props = 14 };
}
namespace graph {
enum : int { node = 1, name, initializer = 5, input = 11, output };
}
namespace node {
enum : int { input = 1, output, name, op_type, attribute, domain = 7 };
}
namespace attribute {
enum : int { name = 1, f, i, s, t, ints = 8, type = 20 };
enum kind : int { is_float = 1, is_integer, is_text, is_tensor, is_integers = 7 };
}  // namespace attribute
namespace tensor {
enum : int { dims = 1, data_type, float_data = 4, int64_data = 7, name, raw_data, double_data, data_location = 14 };
enum element : int { is_float = 1, is_int64 = 7, is_double = 11 };
}  // namespace tensor
}  // namespace onnx

/// A graph of standard operators that is being written. Names are those of the numbers on its edges.
class onnx_graph {
  using message = file::protobuf_message;

 public:
  struct integer {
    char const* name;
    std::int64_t value;
  };

  void node(std::string const& op, std::vector<std::string> const& inputs, std::string const& output,
            std::initializer_list<integer> attributes = {}) {
    message one;
    for (auto const& x : inputs) one.text(onnx::node::input, x);
    one.text(onnx::node::output, output).text(onnx::node::name, op + " " + output).text(onnx::node::op_type, op);
    for (auto const& a : attributes)
      one.message(onnx::node::attribute, message()
                                             .text(onnx::attribute::name, a.name)
                                             .integer(onnx::attribute::i, a.value)
                                             .integer(onnx::attribute::type, onnx::attribute::is_integer));
    graph_.message(onnx::graph::node, one);
  }
  void constant(std::string const& name, std::vector<int> const& shape, std::vector<float> const& values) {
    constant_of(name, shape, onnx::tensor::is_float, std::as_bytes(std::span(values)));
  }
  void constant(std::string const& name, std::int64_t value) {
    constant_of(name, {1}, onnx::tensor::is_int64, std::as_bytes(std::span(&value, 1)));
  }
  void input(std::string const& name, onnx::tensor::element type, std::vector<int> const& shape) {
    graph_.message(onnx::graph::input, value(name, type, shape));
  }
  void output(std::string const& name, onnx::tensor::element type, std::vector<int> const& shape) {
    graph_.message(onnx::graph::output, value(name, type, shape));
  }

  /// The whole file. The graph stands last, so that none of it is lost without being missed.
  std::string model(std::vector<std::pair<std::string, std::string>> const& said) const {
    message all, opset;
    opset.text(1, "").integer(2, onnx::opset);
    all.integer(onnx::model::ir_version, onnx::ir_version)
        .text(onnx::model::producer_name, "Cohort")
        .text(onnx::model::producer_version, COHORT_VERSION)
        .message(onnx::model::opset_import, opset);
    for (auto const& [key, text] : said) all.message(onnx::model::metadata_props, message().text(1, key).text(2, text));
    message named = graph_;
    return all.message(onnx::model::graph, named.text(onnx::graph::name, "controller")).bytes();
  }

 private:
  /// An extent of 0 stands for N, any number of rows.
  static message value(std::string const& name, onnx::tensor::element type, std::vector<int> const& shape) {
    message extents, tensor, any;
    for (int n : shape) extents.message(1, n ? message().integer(1, n) : message().text(2, "N"));
    tensor.integer(1, type).message(2, extents);
    return message().text(1, name).message(2, any.message(1, tensor));
  }
  void constant_of(std::string const& name, std::vector<int> const& shape, onnx::tensor::element type,
                   std::span<std::byte const> raw) {
    message one;
    for (int n : shape) one.integer(onnx::tensor::dims, n);
    one.integer(onnx::tensor::data_type, type).text(onnx::tensor::name, name);
    one.text(onnx::tensor::raw_data, {reinterpret_cast<char const*>(raw.data()), raw.size()});
    graph_.message(onnx::graph::initializer, one);
  }

  message graph_;
};

}  // namespace COHORT_NAMESPACE::detail
