# Compiles the addon: `node-gyp rebuild`, run by scripts/setup.mjs. CMakeLists.txt builds the same sources.
# Only Linux has splice; anywhere else the target is empty, so that node-gyp succeeds and makes nothing.
# Stays out of the published package: npm would run node-gyp at every install (package.json, "files").
{
  'targets': [
    {
      'target_name': 'millrace',
      'conditions': [
        ["OS=='linux'", {
          'sources': [
            'native/bindings/addon.cc',
            'native/bindings/counts.cc',
            'native/bindings/loop.cc',
            'native/bindings/messages.cc',
            'native/bindings/service.cc',
            'native/bindings/sockets.cc',
            'native/bindings/transfers.cc',
            'native/kernel_pipe.cc',
            'native/poller.cc',
            'native/socket.cc',
            'native/socket_options.cc',
            'native/copy_offload.cc',
            'native/counts_file.cc',
            'native/counts_table.cc',
            'native/fd_messages.cc',
            'native/fd_reserve.cc',
            'native/datagram.cc',
            'native/orphans.cc',
            'native/shared_counts.cc',
            'native/tcp_info.cc',
            'native/transfer.cc',
          ],
          'defines': ['NAPI_VERSION=9', 'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS'],
          'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-O3'],
          'cflags_cc': [
            '-std=c++17',
            '-Os',
            '-Wall',
            '-Wextra',
            '-Wconversion',
            '-fno-exceptions',
            '-fno-rtti',
            '-fvisibility=hidden',
            # Not ours to mend: -isystem keeps the warnings above out of these headers.
            '-isystem <!(node -p "path.dirname(require.resolve(\'node-addon-api/package.json\'))")',
          ],
        }, {
          'type': 'none',
        }],
      ],
    },
  ],
}
