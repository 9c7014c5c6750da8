import { createSocket } from "node:dgram";
import { CliError, EXIT } from "../exit-codes.ts";

/**
 * This machine's IPv4 address on the route to the control plane. Nothing is sent: the kernel looks up the
 * route.
 */
export async function findOwnAddress(controlPlaneUrl: string): Promise<string> {
	const { hostname, port } = new URL(controlPlaneUrl);
	const socket = createSocket("udp4");
	try {
		return await new Promise<string>((resolve, reject) => {
			socket.once("error", reject);
			socket.connect(Number(port) || 80, hostname, () => resolve(socket.address().address));
		});
	} catch (error) {
		throw new CliError(
			`This machine has no IPv4 route to ${hostname}.`,
			EXIT.invalidInput,
			["Choose the address that caches listen on with --address."],
			{ cause: error },
		);
	} finally {
		socket.close();
	}
}
