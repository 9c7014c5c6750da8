import { makeOwnedDirectory } from "./owned-directory.ts";

/** Characters with a meaning in a shell, a URL, or one of the files that Larder writes for other programs. */
const UGLY = ` ,'"#1é$x%[a]`;

/** A new directory whose path no program may split. The path is short enough for the sockets in it. */
export function makeUglyDirectory(name: string): string {
	return makeOwnedDirectory(`${name}${UGLY}-`);
}
