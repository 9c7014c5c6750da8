import { CopyButton } from "./copy-button.tsx";

interface CodeBlockProps {
	code: string;
	/** The copy button's label: "Copy command". */
	copyLabel: string;
	/** What is copied, when it isn't what is shown. */
	copyText?: string | (() => Promise<string>);
	wrap?: boolean;
}

/** Code to read and to copy; long lines scroll inside the block. */
export function CodeBlock({ code, copyLabel, copyText, wrap = false }: CodeBlockProps) {
	return (
		<div className="relative min-w-0 rounded-lg border border-border bg-well">
			<section
				aria-label={copyLabel.replace(/^Copy /, "")}
				// biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
				tabIndex={0}
				className="overflow-x-auto"
			>
				<pre
					className={`w-full py-2.5 pr-12 pl-3 font-mono text-xs leading-5 ${wrap ? "wrap-anywhere whitespace-pre-wrap" : "w-max min-w-full"}`}
				>
					<code>{code}</code>
				</pre>
			</section>
			<div className="absolute top-1 right-1 rounded-md bg-well">
				<CopyButton text={copyText ?? code} label={copyLabel} />
			</div>
		</div>
	);
}
