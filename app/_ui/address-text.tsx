import { Fragment } from "react";

/** An address that breaks after a dot where it must break, rather than within a word. */
export function AddressText({ children }: { children: string }) {
	const parts = children.split(/(?<=\.)/);
	return parts.map((part, index) => (
		<Fragment key={index}>
			{part}
			{index < parts.length - 1 && <wbr />}
		</Fragment>
	));
}
