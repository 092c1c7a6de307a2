#include <cohort/file/new_gguf.hpp>
#include <tuple>

#include "../catch.hpp"
#include "../support/damage.hpp"
#include "../support/paths.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using namespace cohort::file;

namespace {

using tensors = std::vector<new_gguf_tensor<float>>;

new_gguf_tensor<float> rows_of(std::string name, std::vector<std::size_t> shape, stored_type type,
                               std::vector<float> const& all) {
  std::size_t const columns = shape.empty() ? 0 : shape.back();
  return {std::move(name), std::move(shape), type,
          [=](std::size_t r) { return std::span(all).subspan(r * columns, columns); }};
}

std::string refused(tensors const& all) {
  files::scratch const here;
  auto const said = support::refusal<cohort_error>([&] {
    new_file out(here.path / "model.gguf");
    write_gguf(out, {}, all);
    out.commit();
  });
  CHECK(files::entries(here.path) == 0);
  return said;
}

}  // namespace

TEST_CASE("new gguf: values and tensors of each type that is written are read back") {
  files::scratch const here;
  new_gguf_values values;
  values.set("a.text", "x").set("a.flag", true).set("a.unsigned", 7u).set("a.signed", -7).set("a.number", .1f);
  values.set("a.texts", std::vector<std::string>{"", "two"}).set("a.integers", std::vector<std::int32_t>{1, -2});
  values.set("a.numbers", std::vector<float>{.5f});
  values.set("a.text", "y");
  std::vector<float> numbers(3 * 64);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = float(i) / 64 - 1;
  tensors all{rows_of("vector", {5}, stored_type::f32, {1, 2, 3, 4, 5})};
  for (auto type : {stored_type::f32, stored_type::f16, stored_type::bf16, stored_type::q8_0})
    all.push_back(rows_of(std::string(facts_of(type).name), {3, 64}, type, numbers));
  {
    new_file out(here.path / "model.gguf");
    write_gguf(out, values, all);
    out.commit();
  }
  gguf const file(here.path / "model.gguf");
  CHECK(file.text("a.text") == "y");
  CHECK(file.flag("a.flag"));
  CHECK(file.integer("a.unsigned") == 7);
  CHECK(file.integer("a.signed") == -7);
  CHECK(file.number("a.number") == .1);
  CHECK(file.texts("a.texts") == std::vector<std::string_view>{"", "two"});
  CHECK(file.numbers<int>("a.integers") == std::vector{1, -2});
  CHECK(file.numbers<float>("a.numbers") == std::vector{.5f});
  CHECK(file.tensors().size() == 5);
  for (auto const& [name, t] : file.tensors()) {
    INFO(name);
    CHECK((t.bytes.data() - file.tensors().begin()->second.bytes.data()) % 32 == 0);
    if (name == "vector") continue;
    std::vector<float> read(numbers.size());
    file.read(name, {3, 64}, read);
    double const step = name == "Q8_0" ? 1 / 64. : name == "BF16" ? 1 / 128. : 0;  // the others are exact here
    for (std::size_t i = 0; i < read.size(); ++i) REQUIRE(std::abs(read[i] - numbers[i]) <= step);
  }
  gguf const recorded(paths::golden("gguf/types.gguf"));
  new_gguf_values copied;
  copied.copy(file, "a.").copy(recorded, "test.");
  {
    new_file out(here.path / "copy.gguf");
    write_gguf(out, copied, tensors{});
    out.commit();
  }
  gguf const copy(here.path / "copy.gguf");
  CHECK(copy.values().size() == file.values().size() + 5);
  for (auto const* from : {&file, &recorded})
    for (auto const& [key, value] : from->values())
      if (!key.starts_with("general.")) CHECK(copy.find(key)->bytes == value.bytes);
}

TEST_CASE("new gguf: what a file cannot hold is refused by the tensor's name, and nothing is left") {
  std::vector<float> const few(32, 1);
  using enum stored_type;
  CHECK(refused({rows_of("t", {33}, q8_0, std::vector<float>(33))}) ==
        "write_gguf: tensor \"t\" has rows of 33, expected a multiple of 32 for Q8_0");
  CHECK(refused({rows_of("t", {32}, q4_0, few)}) ==
        "write_gguf: tensor \"t\" is to be of type Q4_0, which is only read");
  CHECK(refused({rows_of("t", {}, f32, few)}) ==
        "write_gguf: tensor \"t\" has the shape [], expected one to four extents");
  CHECK(refused({rows_of("t", {32}, f32, few), rows_of("t", {32}, f32, few)}) ==
        "write_gguf: tensor \"t\" is there twice");
  CHECK(refused({rows_of(std::string(64, 't'), {32}, f32, few)}) ==
        "write_gguf: tensor \"" + std::string(64, 't') + "\" has a name of more than 63 bytes");
  CHECK(refused({{"t", {32}, f32, [&](std::size_t) { return std::span(few).first(31); }}}) ==
        "write_gguf: tensor \"t\" has a row of 31, expected 32");
  for (auto [type, number, said] : {std::tuple(f16, 65520.f, "65520, expected less than 65520 in F16"),
                                    std::tuple(q8_0, 1e7f, "1e+07, expected less than 8.32104e+06 in Q8_0"),
                                    std::tuple(bf16, INFINITY, "inf, expected less than 3.39618e+38 in BF16"),
                                    std::tuple(q8_0, NAN, "nan, expected less than 8.32104e+06 in Q8_0")}) {
    auto numbers = few;
    numbers[17] = number;
    CHECK(refused({rows_of("t", {32}, type, numbers)}) ==
          "write_gguf: tensor \"t\" has the number " + std::string(said));
  }
}
