# Parts that need more than the standard library and are no backends: components of the package.

# optional_component(NAME HEADERS LIBRARY...): cohort::NAME, where find_NAME.cmake finds what it needs; the regular
# expression HEADERS says which headers are its own and so no part of the core. An option COHORT_NAME leaves it out.
macro(optional_component name headers)
  add_library(cohort_${name} INTERFACE)
  set_target_properties(cohort_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(cohort_${name} INTERFACE ${ARGN})
  set(cohort_${name}_headers "${headers}")
  string(TOUPPER "COHORT_${name}" option)
  if(NOT DEFINED ${option} OR ${option})
    include(.cmake/find_${name}.cmake)
  else()
    set(cohort_${name}_FOUND FALSE)
    set(cohort_${name}_missing "${option} is off")
  endif()
  if(cohort_${name}_FOUND)
    add_library(cohort::${name} ALIAS cohort_${name})
  else()
    message(STATUS "Cohort: without the component ${name}, since ${cohort_${name}_missing}")
  endif()
endmacro()

# Checkpoints of runs and policies, headers of controllers, event files, and what models are stored in.
optional_component(file "cohort/(file/|checkpoint|deploy|hook/tensorboard|compare/summary_json)" cohort nlohmann_json::nlohmann_json)
# Language models' files, tokenizers and rewards.
optional_component(language "cohort/language/(files/|family/|tokenizer/|data/|reward/(format|language_share|model_reward|outside|pattern|same_text))" cohort_file re2::re2 PCRE2::8BIT utf8proc::utf8proc)
# Language models' completions from a server.
optional_component(http "cohort/language/http/" cohort_file httplib::httplib)
# Gymnasium's environments, in a Python inside the program.
optional_component(gymnasium "cohort/gymnasium/" cohort pybind11::headers Python::Python)
target_include_directories(cohort_gymnasium ${COHORT_SYSTEM} INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/backends/gymnasium>")
