// tokenizing FOLDER TEXT: megabytes of a file that become a model's tokens in a second, in documents of about 4 kB; the
// best of three times. tokenizing.py runs it beside Hugging Face's tokenizers.
#include <chrono>
#include <cohort/language/tokenizer/tokenizer.hpp>
#include <cstdio>

using namespace cohort;

int main(int count, char** words) {
  if (count != 3) return std::fprintf(stderr, "usage: tokenizing FOLDER TEXT\n"), 2;
  try {
    language::tokenizer const tokens(words[1]);
    file::mapped_file const file(words[2]);
    std::string_view const text = detail::characters_of(file);
    std::vector<std::string_view> documents;
    for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end) {
      while (end < text.size() && end - begin <= 4000) end = std::min(text.find('\n', end), text.size() - 1) + 1;
      documents.push_back(text.substr(begin, end - begin));
    }
    double best = 0;
    std::size_t made = 0;
    for (int k = 0; k < 3; ++k) {
      auto const begin = std::chrono::steady_clock::now();
      made = 0;
      for (auto const document : documents) made += tokens.encode(document).size();
      std::chrono::duration<double> const taken = std::chrono::steady_clock::now() - begin;
      best = std::max(best, double(text.size()) / taken.count() / 1e6);
    }
    std::printf("%zu tokens, %.1f MB/s\n", made, best);
  } catch (std::exception const& error) {
    return std::fprintf(stderr, "tokenizing: %s\n", error.what()), 1;
  }
}
