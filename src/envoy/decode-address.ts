import type { Address, SocketAddress } from '../domain/request/attributes.ts';
import { put } from './put.ts';
import { type WireReader } from './wire-reader.ts';

/** envoy.config.core.v3.Address: one of three; the last on the wire wins. */
export function addressField(reader: WireReader, field: number, address: Address): void {
  const { socketAddress, pipe, envoyInternalAddress } = address;
  switch (field) {
    case 1:
      clear(address);
      address.socketAddress = reader.message(socketAddress ?? {}, socketAddressField);
      break;
    case 2:
      clear(address);
      address.pipe = reader.message(pipe ?? {}, pipeField);
      break;
    case 3:
      clear(address);
      address.envoyInternalAddress = reader.message(envoyInternalAddress ?? {}, internalField);
      break;
    default:
      reader.skip();
  }
}

function clear(address: Address): void {
  delete address.socketAddress;
  delete address.pipe;
  delete address.envoyInternalAddress;
}

function socketAddressField(reader: WireReader, field: number, address: SocketAddress): void {
  switch (field) {
    case 1:
      put(address, 'protocol', reader.int32());
      break;
    case 2:
      put(address, 'address', reader.string());
      break;
    // The port is one of two, so it is present even when it is 0 or empty.
    case 3:
      delete address.namedPort;
      address.portValue = reader.uint32();
      break;
    case 4:
      delete address.portValue;
      address.namedPort = reader.string();
      break;
    case 5:
      put(address, 'resolverName', reader.string());
      break;
    case 6:
      put(address, 'ipv4Compat', reader.bool());
      break;
    default:
      reader.skip();
  }
}

type Pipe = NonNullable<Address['pipe']>;

function pipeField(reader: WireReader, field: number, pipe: Pipe): void {
  switch (field) {
    case 1:
      put(pipe, 'path', reader.string());
      break;
    case 2:
      put(pipe, 'mode', reader.uint32());
      break;
    default:
      reader.skip();
  }
}

type InternalAddress = NonNullable<Address['envoyInternalAddress']>;

function internalField(reader: WireReader, field: number, address: InternalAddress): void {
  switch (field) {
    case 1:
      // A oneof with one member: present even when it is empty.
      address.serverListenerName = reader.string();
      break;
    case 2:
      put(address, 'endpointId', reader.string());
      break;
    default:
      reader.skip();
  }
}
