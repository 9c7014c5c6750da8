import { StoreError } from "./store-error.ts";

/** What failed on a directory's disk, as a StoreError; other errors stay as they are. */
export function asStoreError(error: unknown, root: string): unknown {
	if (!(error instanceof Error) || error instanceof StoreError) return error;
	const { code } = error as NodeJS.ErrnoException;
	switch (code) {
		case "ENOSPC":
		case "EDQUOT":
			return new StoreError(
				"full",
				`The disk of ${root} is full. Free some space, or delete snapshots.`,
				{ cause: error },
			);
		case "EACCES":
		case "EPERM":
		case "EROFS":
			return new StoreError(
				"refused",
				`Larder may not write to ${root} (${code}). Give it to the user that runs the control plane.`,
				{ cause: error },
			);
		case "EIO":
		case "ENOTCONN":
		case "ESTALE":
		case "ETIMEDOUT":
			return new StoreError(
				"away",
				`The disk of ${root} doesn't work at the moment (${code}). Check it.`,
				{ cause: error },
			);
		default:
			return error;
	}
}
