# Libraries whose packages carry no CMake configuration become imported targets here.

function(baton_import_library target header library)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  find_library(${target}_LIBRARY ${library} REQUIRED)
  add_library(${target} SHARED IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${${target}_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${${target}_INCLUDE})
endfunction()

baton_import_library(baton::httplib httplib.h cpp-httplib)
set_property(TARGET baton::httplib PROPERTY INTERFACE_LINK_LIBRARIES OpenSSL::SSL)
set_property(TARGET baton::httplib PROPERTY INTERFACE_COMPILE_DEFINITIONS CPPHTTPLIB_OPENSSL_SUPPORT)

baton_import_library(baton::onnx_proto onnx/onnx-ml.pb.h onnx_proto)
set_property(TARGET baton::onnx_proto PROPERTY INTERFACE_LINK_LIBRARIES protobuf::libprotobuf)
set_property(TARGET baton::onnx_proto PROPERTY INTERFACE_COMPILE_DEFINITIONS ONNX_ML=1 ONNX_NAMESPACE=onnx)
