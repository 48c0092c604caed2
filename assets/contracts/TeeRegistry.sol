// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// A double of OpenGradient's TEERegistry: the two views a client asks. The deployer says who is in.
contract TeeRegistry {
    struct Tee {
        address owner;
        address paymentAddress;
        string endpoint;
        bytes publicKey;
        bytes tlsCertificate;
        bytes32 pcrHash;
        uint8 teeType;
        bool enabled;
        uint256 registeredAt;
        uint256 lastHeartbeatAt;
    }

    uint256 public constant HEARTBEAT_MAX_AGE = 1800;
    address public immutable deployer = msg.sender;
    bytes32[] private ids;
    mapping(bytes32 => Tee) private tees;

    modifier onlyDeployer() {
        require(msg.sender == deployer, "devnet: only the deployer");
        _;
    }

    /// Registers a TEE, or renews its data and heartbeat. Its id is the hash of its public key.
    function register(
        address paymentAddress,
        string calldata endpoint,
        bytes calldata publicKey,
        bytes calldata tlsCertificate,
        bytes32 pcrHash,
        uint8 teeType
    ) external onlyDeployer returns (bytes32 id) {
        id = keccak256(publicKey);
        if (tees[id].registeredAt == 0) ids.push(id);
        uint256 since = tees[id].registeredAt == 0 ? block.timestamp : tees[id].registeredAt;
        tees[id] = Tee(
            msg.sender, paymentAddress, endpoint, publicKey, tlsCertificate, pcrHash, teeType, true, since, block.timestamp
        );
    }

    function setEnabled(bytes32 id, bool enabled) external onlyDeployer {
        tees[id].enabled = enabled;
    }

    function heartbeat(bytes32 id) external onlyDeployer {
        tees[id].lastHeartbeatAt = block.timestamp;
    }

    function isTEEActive(bytes32 id) public view returns (bool) {
        Tee storage t = tees[id];
        return t.enabled && block.timestamp <= t.lastHeartbeatAt + HEARTBEAT_MAX_AGE;
    }

    function getTEE(bytes32 id) external view returns (Tee memory) {
        return tees[id];
    }

    function getActiveTEEs(uint8 teeType) external view returns (Tee[] memory active) {
        uint256 n = 0;
        for (uint256 i = 0; i < ids.length; i++) {
            if (tees[ids[i]].teeType == teeType && isTEEActive(ids[i])) n++;
        }
        active = new Tee[](n);
        n = 0;
        for (uint256 i = 0; i < ids.length; i++) {
            if (tees[ids[i]].teeType == teeType && isTEEActive(ids[i])) active[n++] = tees[ids[i]];
        }
    }
}
