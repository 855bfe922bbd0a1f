// An authority, a server's and a client's certificate, made by openssl for one test. In: a folder. Out: paths.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificates {
	authority: string;
	serverKey: string;
	serverCertificate: string;
	clientKey: string;
	clientCertificate: string;
	read(path: string): string;
}

export function makeCertificates(folder: string): Certificates {
	const at = (name: string) => join(folder, name);
	const openssl = (...args: string[]) =>
		execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
	const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
	openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "2");
	for (const name of ["server", "client"]) {
		writeFileSync(at(`${name}.ext`), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
		openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
		const sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", `${name}.ext`];
		openssl("x509", "-req", "-in", `${name}.csr`, ...sign, "-out", `${name}.pem`);
	}
	return {
		authority: at("ca.pem"),
		serverKey: at("server.key"),
		serverCertificate: at("server.pem"),
		clientKey: at("client.key"),
		clientCertificate: at("client.pem"),
		read: (path) => readFileSync(path, "utf8"),
	};
}
