import { createSocket } from "node:dgram";
import { CliError, EXIT } from "../exit-codes.ts";

/** This machine's IPv4 address on the way to the control plane. Nothing is sent: the kernel is asked for its route. */
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
			`There is no IPv4 way from here to ${hostname}.`,
			EXIT.invalidInput,
			["Say with --address which of this machine's addresses caches are to listen on."],
			{ cause: error },
		);
	} finally {
		socket.close();
	}
}
