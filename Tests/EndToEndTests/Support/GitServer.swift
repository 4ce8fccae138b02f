// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A repository behind a web server that wants a password (HTTP basic authentication), on loopback.
final class GitServer: Sendable {
    private let folder: TemporaryFolder
    private let server: ChildProcess
    let port: Int

    /// Serves an empty repository `repository.git` to the user alice.
    init(password: String) async throws {
        folder = try TemporaryFolder()
        try folder.write("login", "alice:" + password)
        let made = try await ChildProcess.run(
            "git",
            ["init", "-q", "--bare", folder.path("repository.git")],
            environment: ["HOME": folder.path]
        )
        guard made.status == 0 else { throw TestFailure("\(made)") }
        server = try ChildProcess(
            "python3",
            ["-c", Self.script, folder.path],
            environment: ["HOME": folder.path]
        )
        guard let port = Int(try await server.firstLine()) else { throw TestFailure("no port") }
        self.port = port
    }

    /// The repository's address.
    var url: String { "http://127.0.0.1:\(port)/repository.git" }

    /// Makes it accept another password from now on.
    func change(password: String) throws {
        try Data("alice:\(password)".utf8).write(to: URL(filePath: folder.path("login")), options: .atomic)
    }

    private static let script = #"""
        import base64, http.server, os, subprocess, sys

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                login = open(sys.argv[1] + "/login", "rb").read()
                wanted = "Basic " + base64.b64encode(login).decode()
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Authorization") != wanted:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="git"')
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                path, _, query = self.path.partition("?")
                environment = dict(
                    os.environ, GIT_PROJECT_ROOT=sys.argv[1], GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path,
                    QUERY_STRING=query, REQUEST_METHOD=self.command, REMOTE_USER="alice",
                    CONTENT_TYPE=self.headers.get("Content-Type") or "", CONTENT_LENGTH=str(len(body)),
                    HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding") or "")
                output = subprocess.run(
                    ["git", "http-backend"], input=body, env=environment, stdout=subprocess.PIPE).stdout
                head, _, body = output.partition(b"\r\n\r\n")
                fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
                self.send_response(int(dict(fields).get("Status", "200").split()[0]))
                for name, value in fields:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_port, flush=True)
        server.serve_forever()
        """#
}
