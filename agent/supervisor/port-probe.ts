import { createServer } from "node:net";

export type PortState =
	| { readonly kind: "free" }
	| { readonly kind: "taken" }
	| { readonly kind: "impossible"; readonly cause: string };

/** Whether an engine could listen there. Listens for a moment to find out. */
export function probePort(host: string, port: number): Promise<PortState> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", (error: NodeJS.ErrnoException) => {
			resolve(
				error.code === "EADDRINUSE"
					? { kind: "taken" }
					: { kind: "impossible", cause: error.message },
			);
		});
		server.listen({ host, port, exclusive: true }, () => {
			server.close(() => resolve({ kind: "free" }));
		});
	});
}
