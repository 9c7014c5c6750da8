import type { FastifyRequest } from "fastify";
import { AppError } from "../contract/errors.ts";

/** How a browser's request reached this process. */
export interface ConnectionFacts {
	/** According to the connection, or to a trusted proxy. */
	protocol: "http" | "https";
	/** The client's address: the peer's, or the one that a trusted proxy names. */
	address: string;
	/** This machine's address, where the connection arrived. */
	localAddress: string;
	localPort: number;
	/** The name that the client asked for, without its port. */
	hostname: string;
	/** Whether an untrusted proxy says that it forwards the request. */
	isForwarded: boolean;
	/** The operator has said that the network is trusted (LARDER_TRUST_NETWORK). */
	trustsNetwork: boolean;
}

/**
 * Whether a session may use a connection, and with which cookie.
 *
 *   secure     HTTPS: the cookie is Secure, and never leaves over plain HTTP
 *   plain      plain HTTP that stays on this machine, or on a network that the operator trusts
 *   refused    plain HTTP from elsewhere: a password would cross the network for all to read
 */
export type Transport = "secure" | "plain" | "refused";

export function judgeConnection(facts: ConnectionFacts): Transport {
	if (facts.protocol === "https") return "secure";
	if (facts.trustsNetwork) return "plain";
	return staysHere(facts) ? "plain" : "refused";
}

/**
 * Both the peer and the name must be this machine's: a proxy or tunnel that ends here forwards others'
 * requests.
 */
function staysHere({ address, localAddress, hostname, isForwarded }: ConnectionFacts): boolean {
	if (isForwarded) return false;
	const own = plainAddress(localAddress);
	const peer = plainAddress(address);
	const name = plainAddress(hostname.replace(/^\[|\]$/g, ""));
	return (isLoopback(peer) || peer === own) && (isLoopback(name) || name === own);
}

function isLoopback(name: string): boolean {
	return /^127(\.\d{1,3}){3}$/.test(name) || name === "::1" || /^(.+\.)?localhost$/i.test(name);
}

/** Sockets that serve both IPv4 and IPv6 show IPv4 addresses in another form. */
function plainAddress(address: string): string {
	return address.replace(/^::ffff:/i, "");
}

/** Reads the facts from a request. Fastify has already determined which proxies are trusted. */
export function connectionFacts(request: FastifyRequest, trustsNetwork: boolean): ConnectionFacts {
	const { headers, ip, protocol, hostname, raw } = request;
	const peer = raw.socket.remoteAddress ?? "";
	const names = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded"];
	// A trusted proxy that names its client makes `ip` differ from the peer.
	const isForwarded = ip === peer && names.some((name) => headers[name] !== undefined);
	return {
		...{ protocol: protocol === "https" ? "https" : "http", address: ip, hostname },
		...{ localAddress: raw.socket.localAddress ?? "", localPort: raw.socket.localPort ?? 0 },
		...{ isForwarded, trustsNetwork },
	};
}

/** The sign-in page's message; null if sign-in works. */
export function signInProblem(facts: ConnectionFacts): string | null {
	if (judgeConnection(facts) !== "refused") return null;
	if (facts.isForwarded) {
		return `A proxy at ${plainAddress(facts.address)} forwards this connection, and Larder doesn't trust that proxy yet. To sign in, start Larder with LARDER_TRUSTED_PROXIES=${plainAddress(facts.address)}, and have the proxy send X-Forwarded-For and X-Forwarded-Proto.`;
	}
	const tunnel = `ssh -L ${facts.localPort}:127.0.0.1:${facts.localPort}`;
	return `This connection is plain HTTP from another machine, so anyone on the network could read your password. Larder refuses sign-ins over it. Put a TLS proxy in front of Larder and name the proxy in LARDER_TRUSTED_PROXIES; or sign in through a tunnel, such as ${tunnel}; or, if you trust this network, start Larder with LARDER_TRUST_NETWORK=on.`;
}

/** Throws `insecure_connection` if a password or a session must not use this connection. */
export function requireSafeConnection(facts: ConnectionFacts): void {
	const problem = signInProblem(facts);
	if (problem !== null) throw new AppError("insecure_connection", problem);
}
