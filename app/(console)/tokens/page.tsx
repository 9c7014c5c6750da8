import type { Metadata } from "next";
import { TokenList } from "./token-list.tsx";

export const metadata: Metadata = { title: "API tokens" };

export default function TokensPage() {
	return <TokenList />;
}
