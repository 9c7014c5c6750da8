import { askSecret } from "./ask-secret.ts";

/**
 * The secret of an access key, from an environment variable or a prompt. It is never an argument: those are visible to every
 * user of the machine.
 */
export async function readSecretAccessKey(variable: string): Promise<string> {
	return (
		process.env[variable] ||
		(await askSecret("Secret access key: ", {
			what: "The secret access key",
			otherWays: `Give it in ${variable}.`,
		}))
	);
}
