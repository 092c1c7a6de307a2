#pragma once
#include <cohort/deploy/onnx_graph.hpp>
#include <cohort/file/safetensors.hpp>

namespace COHORT_NAMESPACE::detail {

/// The graph of an ONNX file, in bytes that may hold anything and outlive this object. Nothing is copied but names and
/// extents; what is wrong is an io_error that names the file and the node.
class onnx_file {
 public:
  struct tensor {
    std::vector<std::size_t> shape;
    std::int64_t type = 0;
    std::span<std::byte const> bytes;  ///< row by row, as they would lie in memory
  };
  struct node {
    std::string op, name;
    std::vector<std::string> inputs, outputs;
    std::map<std::string, std::span<std::byte const>, std::less<>> attributes;  ///< each a message
  };

  onnx_file(std::span<std::byte const> bytes, std::string where) : where_(std::move(where)) {
    std::span<std::byte const> graph;
    std::int64_t opset = 0;
    bool is_there = false;
    for (auto f = fields(bytes); f.next();) {
      if (f.number() == onnx::model::graph) graph = f.bytes(), is_there = true;
      if (f.number() == onnx::model::metadata_props) metadata_.insert(two_texts(f.bytes()));
      if (f.number() == onnx::model::opset_import) {
        auto const [domain, version] = text_and_integer(f.bytes());
        if (is_standard(domain)) opset = version;
      }
    }
    if (!is_there) refuse("has no graph, so it is no ONNX file, or cut off");
    if (opset < 7) refuse("is of opset " + std::to_string(opset) + ", expected 7 or later");
    for (auto f = fields(graph); f.next();) {
      if (f.number() == onnx::graph::node) read_node(f.bytes());
      if (f.number() == onnx::graph::input) inputs_.insert(first_text(f.bytes()));
      if (f.number() == onnx::graph::output) outputs_.push_back(first_text(f.bytes()));
      if (f.number() == onnx::graph::initializer) {
        auto [name, t] = read_tensor(f.bytes());
        if (!tensors_.emplace(name, std::move(t)).second) refuse("has two initializers named " + shown(name));
      }
    }
    for (auto const& n : nodes_)
      for (auto const& x : n.outputs)
        if (!x.empty() && !makers_.emplace(x, &n).second)
          refuse_node(n, "makes " + shown(x) + ", as another node does");
  }
  onnx_file(onnx_file const&) = delete;
  onnx_file& operator=(onnx_file const&) = delete;

  std::string const& where() const { return where_; }
  std::map<std::string, std::string> const& metadata() const { return metadata_; }
  std::vector<node> const& nodes() const { return nodes_; }
  std::vector<std::string> const& outputs() const { return outputs_; }
  bool is_input(std::string const& name) const { return inputs_.count(name) > 0; }
  /// The node that makes what bears a name, or none.
  node const* maker(std::string const& name) const {
    auto const found = makers_.find(name);
    return found == makers_.end() ? nullptr : found->second;
  }
  tensor const* initializer(std::string const& name) const {
    auto const found = tensors_.find(name);
    return found == tensors_.end() ? nullptr : &found->second;
  }

  /// What a node has under a name, or what holds without it.
  std::int64_t integer(node const& n, char const* name, std::int64_t otherwise) const {
    return attribute(n, name, onnx::attribute::i, otherwise, [](auto const& f) { return f.integer(); });
  }
  float real(node const& n, char const* name, float otherwise) const {
    return attribute(n, name, onnx::attribute::f, otherwise, [](auto const& f) { return f.real(); });
  }
  tensor value(node const& n) const {
    auto const bytes = attribute(n, "value", onnx::attribute::t, std::span<std::byte const>{},
                                 [](auto const& f) { return f.bytes(); });
    return read_tensor(bytes).second;
  }

  [[noreturn]] void refuse(std::string const& what) const { refuse_file(where_, what); }
  [[noreturn]] void refuse_node(node const& n, std::string const& what) const {
    refuse("node " + shown(n.name) + " (" + n.op + ") " + what);
  }

 private:
  file::protobuf_fields fields(std::span<std::byte const> bytes) const { return {bytes, where_}; }
  static bool is_standard(std::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

  std::string first_text(std::span<std::byte const> bytes) const {
    for (auto f = fields(bytes); f.next();)
      if (f.number() == 1) return std::string(f.text());
    return "";
  }
  std::pair<std::string, std::string> two_texts(std::span<std::byte const> bytes) const {
    std::pair<std::string, std::string> result;
    for (auto f = fields(bytes); f.next();) {
      if (f.number() == 1) result.first = f.text();
      if (f.number() == 2) result.second = f.text();
    }
    return result;
  }
  std::pair<std::string, std::int64_t> text_and_integer(std::span<std::byte const> bytes) const {
    std::pair<std::string, std::int64_t> result;
    for (auto f = fields(bytes); f.next();) {
      if (f.number() == 1) result.first = f.text();
      if (f.number() == 2) result.second = f.integer();
    }
    return result;
  }

  void read_node(std::span<std::byte const> bytes) {
    node n;
    std::string domain;
    for (auto f = fields(bytes); f.next();) {
      if (f.number() == onnx::node::input) n.inputs.emplace_back(f.text());
      if (f.number() == onnx::node::output) n.outputs.emplace_back(f.text());
      if (f.number() == onnx::node::name) n.name = f.text();
      if (f.number() == onnx::node::op_type) n.op = f.text();
      if (f.number() == onnx::node::domain) domain = f.text();
      if (f.number() == onnx::node::attribute) n.attributes.emplace(first_text(f.bytes()), f.bytes());
    }
    if (!is_standard(domain)) n.op = domain + "::" + n.op;
    n.op = shown(n.op), n.op = n.op.substr(1, n.op.size() - 2);  // whatever the file holds
    if (n.name.empty() && !n.outputs.empty()) n.name = n.outputs[0];
    nodes_.push_back(std::move(n));
  }

  std::pair<std::string, tensor> read_tensor(std::span<std::byte const> bytes) const {
    std::pair<std::string, tensor> result;
    auto& [name, t] = result;
    for (auto f = fields(bytes); f.next();) {
      if (f.number() == onnx::tensor::dims)
        f.integers([&](std::int64_t n) { t.shape.push_back(n < 0 ? std::size_t(-1) : std::size_t(n)); });
      if (f.number() == onnx::tensor::data_type) t.type = f.integer();
      if (f.number() == onnx::tensor::name) name = f.text();
      if (f.number() == onnx::tensor::float_data || f.number() == onnx::tensor::double_data ||
          f.number() == onnx::tensor::raw_data)
        t.bytes = f.bytes();
      if (f.number() == onnx::tensor::data_location && f.integer() != 0)
        refuse("tensor " + shown(name) +
               " lies in a file beside it; export with the weights inside (torch.onnx.export: external_data=False)");
    }
    return result;
  }

  template <class X, class F>
  X attribute(node const& n, char const* name, int field, X otherwise, F read) const {
    auto const found = n.attributes.find(name);
    if (found == n.attributes.end()) return otherwise;
    for (auto f = fields(found->second); f.next();)
      if (f.number() == field) otherwise = read(f);
    return otherwise;
  }

  std::string where_;
  std::map<std::string, std::string> metadata_;
  std::vector<node> nodes_;
  std::vector<std::string> outputs_;
  std::set<std::string> inputs_;
  std::map<std::string, tensor> tensors_;
  std::map<std::string, node const*> makers_;
};

}  // namespace COHORT_NAMESPACE::detail
