// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// A double of OpenGradient's inference precompile at 0x…F4: it emits the precompile's event, and
/// computes nothing. Storage-free; its code is put at the address.
contract Inference {
    struct Number {
        int128 value;
        int128 decimals;
    }

    struct NumberTensor {
        string name;
        Number[] values;
        uint32[] shape;
    }

    struct StringTensor {
        string name;
        string[] values;
    }

    struct JsonScalar {
        string name;
        string value;
    }

    struct ModelInput {
        NumberTensor[] numbers;
        StringTensor[] strings;
    }

    struct ModelOutput {
        NumberTensor[] numbers;
        StringTensor[] strings;
        JsonScalar[] jsons;
        bool is_simulation_result;
    }

    struct Request {
        uint8 mode;
        string modelCID;
        ModelInput modelInput;
    }

    event ModelInferenceEvent(string inferenceID, Request request, ModelOutput response);

    address private immutable deployer;

    constructor() {
        deployer = msg.sender;
    }

    /// Emits one event per record. Records are packed as flags(1: bit 0 simulation, bit 1 with an
    /// input tensor) length(1) modelCID(length).
    function replay(bytes calldata records) external {
        require(msg.sender == deployer, "devnet: only the deployer");
        uint256 at = 0;
        for (uint256 n = 0; at < records.length; n++) {
            uint8 flags = uint8(records[at]);
            uint256 end = at + 2 + uint8(records[at + 1]);
            uint256 seed = uint256(keccak256(abi.encodePacked(block.number, n)));
            _emit(flags, string(records[at + 2:end]), seed);
            at = end;
        }
    }

    function _emit(uint8 flags, string memory cid, uint256 seed) private {
        Request memory request;
        request.modelCID = cid;
        if (flags & 2 != 0) request.modelInput.numbers = _tensor("features", 2, seed);
        ModelOutput memory response;
        response.numbers = _tensor("score", 1, seed >> 64);
        response.is_simulation_result = flags & 1 != 0;
        emit ModelInferenceEvent(_hex(seed >> 192), request, response);
    }

    function _tensor(string memory name, uint32 n, uint256 seed) private pure returns (NumberTensor[] memory t) {
        t = new NumberTensor[](1);
        t[0].name = name;
        t[0].values = new Number[](n);
        t[0].shape = new uint32[](1);
        t[0].shape[0] = n;
        for (uint256 i = 0; i < n; i++) t[0].values[i] = Number(int128(int256((seed >> (32 * i)) % 20001)) - 10000, 4);
    }

    function _hex(uint256 v) private pure returns (string memory) {
        bytes16 digits = "0123456789abcdef";
        bytes memory out = new bytes(16);
        for (uint256 i = 0; i < 16; i++) {
            out[15 - i] = digits[v & 15];
            v >>= 4;
        }
        return string(out);
    }
}
