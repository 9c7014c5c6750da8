import { Link2 } from "lucide-react";
import type { ReactNode } from "react";
import { CodeBlock } from "../../_ui/code-block.tsx";
import { Banner } from "../../_ui/notices.tsx";

/** A link that is shown once. The children say what it does and for how long. */
export function LinkToPassOn({ link, children }: { link: string; children: ReactNode }) {
	return (
		<>
			<Banner tone="warning" icon={Link2} title="Copy the link now and send it to the user">
				{children} Larder won't show it again.
			</Banner>
			<CodeBlock code={link} copyLabel="Copy link" wrap />
		</>
	);
}
