-- AlterTable
ALTER TABLE "Host" ADD COLUMN     "joinTokenId" TEXT;

-- AlterTable
ALTER TABLE "JoinToken" ADD COLUMN     "maxUses" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "prefix" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "revokedAt" TIMESTAMP(3),
ADD COLUMN     "uses" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "RemovedHost" (
    "agentId" TEXT NOT NULL,
    "credentialHash" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "removedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "RemovedHost_pkey" PRIMARY KEY ("agentId")
);

-- CreateIndex
CREATE UNIQUE INDEX "RemovedHost_credentialHash_key" ON "RemovedHost"("credentialHash");

-- CreateIndex
CREATE INDEX "JoinToken_createdAt_id_idx" ON "JoinToken"("createdAt", "id");
